"""What type checkers see of the names that are loaded when they are first used: a line for each."""

from cvkit.augment.combination import Compose as Compose
from cvkit.augment.combination import OneOf as OneOf
from cvkit.augment.crop import Crop as Crop
from cvkit.augment.crop import ResizedCrop as ResizedCrop
from cvkit.augment.degradation import Blur as Blur
from cvkit.augment.degradation import Cutout as Cutout
from cvkit.augment.degradation import JPEGArtifacts as JPEGArtifacts
from cvkit.augment.degradation import Noise as Noise
from cvkit.augment.elastic import Elastic as Elastic
from cvkit.augment.recipe import read_recipe as read_recipe
from cvkit.augment.sample import Sample as Sample
from cvkit.augment.tones import Brightness as Brightness
from cvkit.augment.tones import ColorShift as ColorShift
from cvkit.augment.tones import Contrast as Contrast
from cvkit.augment.tones import Gamma as Gamma
from cvkit.augment.tones import HueSaturation as HueSaturation
from cvkit.augment.transform import Transform as Transform
from cvkit.augment.warps import Mirror as Mirror
from cvkit.augment.warps import Perspective as Perspective
from cvkit.augment.warps import Rotate as Rotate
from cvkit.augment.warps import Scale as Scale
from cvkit.augment.warps import Shear as Shear
