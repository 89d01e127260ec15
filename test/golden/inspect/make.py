"""Makes residual_16.npz: one iteration and one encoder step of test/bench/torch/f_anogan.py in float64. Run with a Python that has PyTorch and NumPy."""

import pathlib
import sys

import numpy as np
import torch

HERE = pathlib.Path(__file__).resolve().parent
SIZE, WIDTH, CRITIC_STEPS, LATENT, BATCH = 16, 4, 2, 6, 4

sys.path.insert(0, str(HERE.parents[1] / 'bench' / 'torch'))
sys.argv = ['f_anogan', 'encoder', str(SIZE), str(WIDTH), str(CRITIC_STEPS)]
import serving

serving.serve = lambda open_case: None
import f_anogan

WIDTHS = [WIDTH, 2 * WIDTH, 4 * WIDTH]
DEEPEST = WIDTHS[-1] * (SIZE // 4) ** 2
draws = np.random.RandomState(7)


def block(name, before, after, middle, batch_norm):
    norms = {'gamma': 1, 'beta': 0, **({'mean': 0, 'variance': 1} if batch_norm else {})}
    shapes = {f'{name}.norm1.{part}': [before] for part in norms} | {f'{name}.norm2.{part}': [middle] for part in norms}
    return shapes | {
        f'{name}.conv1.weight': [middle, before, 3, 3],
        f'{name}.conv2.weight': [after, middle, 3, 3],
        f'{name}.conv2.bias': [after],
        f'{name}.beside.weight': [after, before, 1, 1],
        f'{name}.beside.bias': [after],
    }


def trunk(name, ends, batch_norm):
    shapes = {f'{name}.in.weight': [WIDTH, 1, 3, 3], f'{name}.in.bias': [WIDTH]}
    for i in range(2):
        shapes |= block(f'{name}.blocks.{i}', WIDTHS[i], WIDTHS[i + 1], WIDTHS[i], batch_norm)
    return shapes | {f'{name}.out.weight': [DEEPEST, ends], f'{name}.out.bias': [ends]}


shapes = trunk('critic', 1, False) | trunk('encoder', LATENT, True)
shapes |= {'generator.in.weight': [LATENT, DEEPEST], 'generator.in.bias': [DEEPEST]}
for i in range(2):
    shapes |= block(f'generator.blocks.{i}', WIDTHS[2 - i], WIDTHS[1 - i], WIDTHS[1 - i], True)
shapes |= {f'generator.out.norm.{part}': [WIDTH] for part in ('gamma', 'beta', 'mean', 'variance')}
shapes |= {'generator.out.weight': [1, WIDTH, 3, 3], 'generator.out.bias': [1]}


def drawn(name, shape):
    if name.endswith(('.gamma', '.variance')):
        values = 0.8 + 0.4 * draws.rand(*shape)
    elif name.endswith('.weight'):
        fan = shape[0] if len(shape) == 2 else np.prod(shape[1:])
        values = draws.randn(*shape) * np.sqrt(1.5 / fan)
    else:
        values = 0.1 * draws.randn(*shape)
    return values.astype(np.float32)


weights = {name: drawn(name, shape) for name, shape in shapes.items()}
image = [BATCH, 1, SIZE, SIZE]
inputs = {'images': 0.5 * draws.randn(*image), 'generator.z': draws.randn(BATCH, LATENT)}
for i in range(CRITIC_STEPS):
    inputs[f'critic{i}.real'] = 0.5 * draws.randn(*image)
    inputs[f'critic{i}.z'] = draws.randn(BATCH, LATENT)
    inputs[f'critic{i}.share'] = draws.rand(BATCH, 1, 1, 1)
inputs = {name: value.astype(np.float32) for name, value in inputs.items()}


def double(arrays):
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in arrays.items()}


found = {f'input.{name}': value for name, value in inputs.items()} | {f'weight.{n}': v for n, v in weights.items()}
for what in (f_anogan.iteration, f_anogan.encoder, f_anogan.scoring):
    _, check = what(double(weights), double(inputs))
    found |= {f'{what.__name__}.{name}': value.detach().numpy().astype(np.float32) for name, value in check().items()}
np.savez_compressed(HERE / 'residual_16.npz', **found)
