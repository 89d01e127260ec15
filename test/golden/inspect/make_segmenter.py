"""Makes segmenter_16.npz: log odds, loss and gradients of models/synthetic-defects in float64. Run with a Python that has PyTorch and NumPy."""

import pathlib

import numpy as np
import torch
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits, conv2d, pixel_shuffle, relu

BATCH, CHANNELS, SIZE, WIDTH = 2, 3, 16, 4
DOWN = [[1, 2], [1, 2], [1, 2, 1]]
UP = [[1], [1], []]

draws = np.random.RandomState(11)
FILTERS = 25 * CHANNELS
shapes = {'filters': [FILTERS, CHANNELS, 5, 5], 'mix': [WIDTH, 2 * FILTERS, 1, 1]}
for stage in range(3):
    own = WIDTH * 2**stage
    shapes |= {f'down{stage}.{i}': [own, own, 3, 3] for i in range(len(DOWN[stage]))}
    shapes |= {f'up{stage}.{i}': [own, own, 3, 3] for i in range(len(UP[stage]))}
    if stage > 0:
        shapes |= {f'narrow{stage}': [own, own // 2, 1, 1], f'widen{stage}': [2 * own, own, 1, 1]}
shapes |= {'head': [4, WIDTH, 3, 3]}
weights = {}
for name, shape in shapes.items():
    weights[f'{name}.weight'] = (draws.randn(*shape) * np.sqrt(1 / np.prod(shape[1:]))).astype(np.float32)
    weights[f'{name}.bias'] = (0.1 * draws.randn(shape[0])).astype(np.float32)
images = (0.5 * draws.randn(BATCH, CHANNELS, SIZE, SIZE)).astype(np.float32)
masks = (draws.rand(BATCH, SIZE, SIZE) < 0.3).astype(np.float32)
counts = (0.5 + draws.rand(BATCH, SIZE, SIZE)).astype(np.float32)

at = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in weights.items()}
padded = torch.tensor(np.pad(images, [(0, 0), (0, 0), (2, 2), (2, 2)], 'symmetric'), dtype=torch.float64)
answers = 4 * torch.tanh(conv2d(padded, at['filters.weight'], at['filters.bias']) / 4)


def layer(x, name, **options):
    return conv2d(x, at[f'{name}.weight'], at[f'{name}.bias'], **options)


def residual(x, name, dilations):
    for i, dilation in enumerate(dilations):
        x = x + layer(relu(x), f'{name}.{i}', dilation=dilation, padding=dilation)
    return x


fine = residual(layer(avg_pool2d(torch.cat([answers, answers.abs()], 1), 2), 'mix'), 'down0', DOWN[0])
middle = residual(layer(avg_pool2d(fine, 2), 'narrow1'), 'down1', DOWN[1])
coarse = residual(layer(avg_pool2d(middle, 2), 'narrow2'), 'down2', DOWN[2])
middle = residual(middle + pixel_shuffle(layer(relu(coarse), 'widen2'), 2), 'up1', UP[1])
fine = residual(fine + pixel_shuffle(layer(relu(middle), 'widen1'), 2), 'up0', UP[0])
odds = pixel_shuffle(layer(relu(fine), 'head', padding=1), 2)[:, 0]
marks = torch.tensor(masks, dtype=torch.float64)
weight = torch.tensor(counts, dtype=torch.float64)
loss = binary_cross_entropy_with_logits(odds, marks, weight=weight, reduction='sum') / weight.sum()
loss.backward()

found = {'images': images, 'masks': masks, 'weights': counts, 'odds': odds.detach().numpy(), 'loss': loss.detach().numpy()}
found |= {f'weight.{name}': value for name, value in weights.items()}
found |= {f'gradient.{name}': value.grad.numpy() for name, value in at.items()}
out = pathlib.Path(__file__).resolve().parent / 'segmenter_16.npz'
np.savez_compressed(out, **{name: np.asarray(value, np.float32) for name, value in found.items()})
