"""
Find faces by a cascade
=======================

A cascade of OpenCV asks few questions about most windows: each stage throws away what is surely no face. This
one, which comes with OpenCV 4, asks by how much one rectangle is brighter than another.
"""

import matplotlib.pyplot as plt

import cvkit
from cvkit.detect import pretrained

image = cvkit.read_image("../../samples/astronaut.jpg")
faces = pretrained("haarcascade_frontalface_default").detect(image)
print(len(faces), "face")

figure, axis = plt.subplots(figsize=(5, 5), layout="constrained")
axis.imshow(image)
for left, top, right, bottom in faces.xyxy:
    axis.add_patch(plt.Rectangle((left, top), right - left, bottom - top, fill=False, color="orange"))
axis.set_axis_off()

# %%
# What one does with it: nobody is to be known on the image.

hidden = image.copy()
for left, top, right, bottom in faces.xyxy.astype(int):
    face = hidden[top:bottom, left:right]
    coarse = cvkit.resize(face, (10, 10), interpolation="area")
    hidden[top:bottom, left:right] = cvkit.resize(coarse, face.shape[:2], interpolation="nearest")

figure, axis = plt.subplots(figsize=(5, 5), layout="constrained")
axis.imshow(hidden)
axis.set_axis_off()
