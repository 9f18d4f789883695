"""What type checkers see of the names that are loaded when they are first used: a line for each."""

from cvkit.detect.cascade_detector import CascadeDetector as CascadeDetector
from cvkit.detect.channel_detector import ChannelDetector as ChannelDetector
from cvkit.detect.channel_detector import Trees as Trees
from cvkit.detect.coco_evaluation import coco_average_precision as coco_average_precision
from cvkit.detect.detections import Detection as Detection
from cvkit.detect.detections import Detections as Detections
from cvkit.detect.draw import draw_detections as draw_detections
from cvkit.detect.evaluation import average_precision as average_precision
from cvkit.detect.evaluation import det_curve as det_curve
from cvkit.detect.evaluation import evaluate as evaluate
from cvkit.detect.evaluation import log_average_miss_rate as log_average_miss_rate
from cvkit.detect.hog_detector import HOGDetector as HOGDetector
from cvkit.detect.loading import load as load
from cvkit.detect.loading import pretrained as pretrained
from cvkit.detect.loading import pretrained_names as pretrained_names
from cvkit.detect.results import open_results as open_results
from cvkit.detect.runs.runner import run as run
from cvkit.detect.suppression import box_iou as box_iou
from cvkit.detect.suppression import nms as nms
from cvkit.detect.suppression import soft_nms as soft_nms
from cvkit.detect.tiled import detect_in_tiles as detect_in_tiles
from cvkit.detect.track_evaluation import TrackAccuracy as TrackAccuracy
from cvkit.detect.track_evaluation import track_accuracy as track_accuracy
from cvkit.detect.tracking import Tracker as Tracker

DEFAULT_MODEL: str
