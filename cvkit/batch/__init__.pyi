"""What type checkers see of the names that are loaded when they are first used: a line for each."""

from cvkit.batch.executors.cluster import Cluster as Cluster
from cvkit.batch.executors.local import Local as Local
from cvkit.batch.executors.processes import Processes as Processes
from cvkit.batch.operations import image_operations as image_operations
from cvkit.batch.pipeline import Pipeline as Pipeline
from cvkit.batch.pipeline import read_pipeline as read_pipeline
from cvkit.batch.record.manifest import Entry as Entry
from cvkit.batch.record.manifest import Manifest as Manifest
from cvkit.batch.record.manifest import read_manifest as read_manifest
from cvkit.batch.report.page import write_report as write_report
from cvkit.batch.runner import Summary as Summary
from cvkit.batch.runner import run as run
from cvkit.batch.video import Frames as Frames
from cvkit.batch.video import transform_video as transform_video
