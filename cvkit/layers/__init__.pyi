"""What type checkers see of the names that are loaded when they are first used: a line for each."""

from cvkit.layers.convolution import conv2d as conv2d
from cvkit.layers.convolution import conv2d_backward as conv2d_backward
from cvkit.layers.counts import operation_count as operation_count
from cvkit.layers.counts import output_size as output_size
from cvkit.layers.counts import parameter_count as parameter_count
from cvkit.layers.counts import receptive_field as receptive_field
from cvkit.layers.global_pooling import global_pool as global_pool
from cvkit.layers.global_pooling import global_pool_backward as global_pool_backward
from cvkit.layers.pooling import avg_pool2d as avg_pool2d
from cvkit.layers.pooling import avg_pool2d_backward as avg_pool2d_backward
from cvkit.layers.pooling import max_pool2d as max_pool2d
from cvkit.layers.pooling import max_pool2d_backward as max_pool2d_backward
from cvkit.layers.regions_of_interest import roi_align as roi_align
from cvkit.layers.regions_of_interest import roi_align_backward as roi_align_backward
from cvkit.layers.regions_of_interest import roi_pool as roi_pool
from cvkit.layers.regions_of_interest import roi_pool_backward as roi_pool_backward
from cvkit.layers.transposed import conv_transpose2d as conv_transpose2d
from cvkit.layers.transposed import conv_transpose2d_backward as conv_transpose2d_backward

__all__: list[str]
