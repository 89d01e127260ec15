"""Makes segmenter_16.npz: log odds, loss and gradients of models/synthetic-defects in float64. Run with a Python that has PyTorch and NumPy."""

import pathlib

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, conv2d, group_norm, interpolate, max_pool2d, relu

BATCH, CHANNELS, SIZE, WIDTH = 2, 3, 16, 4
HALVINGS, GROUPS = 3, 4

draws = np.random.RandomState(11)
sides = [WIDTH * 2**level for level in range(HALVINGS + 1)]
blocks = {f'up{level}': (own, own) for level, own in enumerate(sides[:-1])}
for level, own in enumerate(sides):
    blocks |= {f'down{level}.0': (own, CHANNELS if level == 0 else own // 2), f'down{level}.1': (own, own)}
shapes = {f'{name}.weight': [given, taken, 3, 3] for name, (given, taken) in blocks.items()}
shapes |= {f'narrow{level}.weight': [own, 2 * own, 1, 1] for level, own in enumerate(sides[:-1])}
shapes |= {'head.weight': [1, WIDTH, 1, 1]}
weights = {name: (draws.randn(*shape) * np.sqrt(1 / np.prod(shape[1:]))).astype(np.float32) for name, shape in shapes.items()}
for name, (given, _) in blocks.items():
    weights[f'{name}.gamma'] = (1 + 0.2 * draws.randn(given)).astype(np.float32)
    weights[f'{name}.beta'] = (0.2 * draws.randn(given)).astype(np.float32)
weights['head.bias'] = np.float32([-0.5])
images = (0.5 * draws.randn(BATCH, CHANNELS, SIZE, SIZE)).astype(np.float32)
masks = (draws.rand(BATCH, SIZE, SIZE) < 0.3).astype(np.float32)
counts = (0.5 + draws.rand(BATCH, SIZE, SIZE)).astype(np.float32)

at = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}


def block(x, name):
    x = conv2d(x, at[f'{name}.weight'], padding=1)
    return relu(group_norm(x, GROUPS, at[f'{name}.gamma'], at[f'{name}.beta']))


def seen(x, level):
    fine = block(block(x, f'down{level}.0'), f'down{level}.1')
    if level == HALVINGS:
        return fine
    coarse = conv2d(seen(max_pool2d(fine, 2), level + 1), at[f'narrow{level}.weight'])
    return block(fine + interpolate(coarse, scale_factor=2), f'up{level}')


odds = conv2d(seen(torch.tensor(images, dtype=torch.float64), 0), at['head.weight'], at['head.bias'])[:, 0]
marks = torch.tensor(masks, dtype=torch.float64)
weight = torch.tensor(counts, dtype=torch.float64)
loss = binary_cross_entropy_with_logits(odds, marks, weight=weight, reduction='sum') / weight.sum()
loss.backward()

found = {'images': images, 'masks': masks, 'weights': counts, 'odds': odds.detach().numpy(), 'loss': loss.detach().numpy()}
found |= {f'weight.{name}': value for name, value in weights.items()}
found |= {f'gradient.{name}': value.grad.numpy() for name, value in at.items()}
out = pathlib.Path(__file__).resolve().parent / 'segmenter_16.npz'
np.savez_compressed(out, **{name: np.asarray(value, np.float32) for name, value in found.items()})
