"""
Find people
===========

``person-acf`` is boosted trees over color and edges of each 4 x 4 pixels, slid over the image at all sizes.
"""

import matplotlib.pyplot as plt

import cvkit
from cvkit.detect import draw_detections, pretrained

image = cvkit.read_image("../../samples/street2.jpg")
people = pretrained("person-acf").detect(image)
for (left, top, right, bottom), confidence, _ in people:
    print(f"from ({left:.0f}, {top:.0f}) to ({right:.0f}, {bottom:.0f}), score {confidence:.1f}")

figure, axis = plt.subplots(figsize=(8, 6), layout="constrained")
axis.imshow(draw_detections(image, people))
axis.set_axis_off()
