"""Writes training.json and layers.json beside it, with PyTorch 1.13 in double precision: python3 golden.py"""
import json, os
import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
folder = os.path.dirname(os.path.abspath(__file__))


def plain(x):
    return {'shape': list(x.shape), 'data': [float(f'{v:.9g}') for v in x.detach().reshape(-1).tolist()]}


def normal(seed, *shape):
    # Rounded to single precision, so that both sides start from the same numbers.
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).float().double()


def write(name, content):
    with open(os.path.join(folder, name), 'w') as file:
        json.dump(content, file)


steps = 10
x, y, w0, c0 = normal(1, 5, 3), normal(2, 5, 2), normal(3, 3, 2), normal(4, 2)


def train(make, rate=None, before_step=None):
    w, c = nn.Parameter(w0.clone()), nn.Parameter(c0.clone())
    optimizer = make(w, c)
    losses, norms, path = [], [], [w0.clone()]
    for step in range(steps):
        if rate is not None:
            for group in optimizer.param_groups:
                group['lr'] = rate(step)
        optimizer.zero_grad()
        z = x @ w + c
        loss = 10 * ((z / torch.sqrt(z ** 2 + 1) - y) ** 2).mean()
        loss.backward()
        norms.append(float(torch.sqrt(sum((p.grad ** 2).sum() for p in (w, c)))))
        if before_step:
            before_step([w, c])
        optimizer.step()
        losses.append(float(loss))
        path.append(w.detach().clone())
    return {'losses': losses, 'norms': norms, 'w': plain(w), 'c': plain(c)}, path


adam, adamw, rms, sgd = torch.optim.Adam, torch.optim.AdamW, torch.optim.RMSprop, torch.optim.SGD
only_w = lambda w, c, decay: [{'params': [w], 'weight_decay': decay}, {'params': [c], 'weight_decay': 0}]
cases = {
    'adam': dict(make=lambda w, c: adam([w, c], 0.05, (0.8, 0.95), 1e-6)),
    'amsgrad': dict(make=lambda w, c: adam([w, c], 0.3, (0.5, 0.6), amsgrad=True)),
    'adam with L2': dict(make=lambda w, c: adam([w, c], 0.05, weight_decay=0.3)),
    'AdamW on w only': dict(make=lambda w, c: adamw(only_w(w, c, 0.3), 0.05)),
    'RMSProp': dict(make=lambda w, c: rms([w, c], 0.02)),
    'RMSProp, centred, with momentum': dict(make=lambda w, c: rms([w, c], 0.01, 0.9, 1e-3, 0, 0.7, True)),
    'SGD': dict(make=lambda w, c: sgd([w, c], 0.05)),
    'SGD with momentum and L2': dict(make=lambda w, c: sgd([w, c], 0.05, 0.8, weight_decay=0.1)),
    'SGD, Nesterov': dict(make=lambda w, c: sgd([w, c], 0.05, 0.8, nesterov=True)),
    'clipped by norm': dict(make=lambda w, c: sgd([w, c], 0.2), before_step=lambda p: nn.utils.clip_grad_norm_(p, 1.5)),
    'clipped by value': dict(make=lambda w, c: sgd([w, c], 0.2), before_step=lambda p: nn.utils.clip_grad_value_(p, 0.4)),
    'clipped by value, then by norm': dict(make=lambda w, c: sgd([w, c], 0.2), before_step=lambda p: (nn.utils.clip_grad_value_(p, 1), nn.utils.clip_grad_norm_(p, 1.5))),
    'a rate given at each step': dict(make=lambda w, c: adam([w, c], 1), rate=lambda step: 0.1 / (step + 1)),
}
training = {'inputs': {'x': plain(x), 'y': plain(y)}, 'start': {'w': plain(w0), 'c': plain(c0)}, 'cases': {}}
for name, case in cases.items():
    training['cases'][name], path = train(**case)
    if name == 'adam':
        even = sum(0.9 ** (steps - t) * 0.1 * path[t] for t in range(1, steps + 1)) / (1 - 0.9 ** steps)
        training['ema'] = {'even': plain(even), 'from start': plain(0.9 ** steps * path[0] + even * (1 - 0.9 ** steps))}

S = torch.optim.lr_scheduler


def rates(schedule, rate=0.2, count=12):
    optimizer = sgd([nn.Parameter(torch.zeros(1))], rate)
    scheduler = schedule(optimizer)
    found = []
    for _ in range(count):
        found.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    return found


def warm(optimizer, after):
    start = S.LinearLR(optimizer, 1 / 4, 1, 3)
    return S.SequentialLR(optimizer, [start, after], [4])


training['schedules'] = {
    'constant': rates(lambda o: S.LambdaLR(o, lambda step: 1)),
    'exponential': rates(lambda o: S.ExponentialLR(o, 0.8)),
    'stair': rates(lambda o: S.StepLR(o, 3, 0.5)),
    'piecewise': rates(lambda o: S.MultiStepLR(o, [2, 7], 0.1)),
    'cosine': rates(lambda o: S.LambdaLR(o, lambda step: 0.05 + 0.95 * 0.5 * (1 + torch.cos(torch.tensor(torch.pi * min(step, 8) / 8)).item()))),
    'warm-up, cosine': rates(lambda o: warm(o, S.CosineAnnealingLR(o, 8))),
    'warm-up': rates(lambda o: S.LinearLR(o, 1 / 4, 1, 3)),
    'Noam': rates(lambda o: S.LambdaLR(o, lambda step: 512 ** -0.5 * min((step + 1) ** -0.5, (step + 1) * 4 ** -1.5)), 1.0),
}
write('training.json', training)

layers = {}


def layer(name, function, **tensors):
    """Stores inputs, the result, and the gradients of Σ result · weights by every input."""
    leaves = {key: value.clone().requires_grad_() for key, value in tensors.items()}
    result = function(**leaves)
    weights = normal(99, *result.shape)
    (result * weights).sum().backward()
    layers[name] = {
        'inputs': {key: plain(value) for key, value in tensors.items()},
        'weights': plain(weights),
        'result': plain(result),
        'gradients': {key: plain(value.grad) for key, value in leaves.items()},
    }


layer('layerNorm', lambda x, gamma, beta: F.layer_norm(x, (4,), gamma, beta), x=normal(1, 3, 4), gamma=normal(2, 4), beta=normal(3, 4))
layer('layerNorm over two axes', lambda x, gamma, beta: F.layer_norm(x, (3, 4), gamma, beta), x=normal(1, 2, 3, 4), gamma=normal(2, 3, 4), beta=normal(3, 3, 4))
layer('groupNorm', lambda x, gamma, beta: F.group_norm(x, 2, gamma, beta), x=normal(1, 2, 6, 5), gamma=normal(2, 6), beta=normal(3, 6))
layer('instanceNorm', lambda x, gamma, beta: F.instance_norm(x, weight=gamma, bias=beta), x=normal(1, 2, 3, 4, 2), gamma=normal(2, 3), beta=normal(3, 3))
layer('weightNorm', lambda v, g: torch._weight_norm(v, g, 0), v=normal(1, 4, 3, 2), g=normal(2, 4, 1, 1))
layer('gelu', lambda x: F.gelu(x), x=3 * normal(1, 12))
layer('swish', lambda x: F.silu(x), x=3 * normal(1, 12))
layer('gatedTanh', lambda x: torch.tanh(x[:, :2]) * torch.sigmoid(x[:, 2:]), x=normal(1, 2, 4, 3))
layer('embedding', lambda table: F.embedding(torch.tensor([[2, 0, 2], [1, 2, 4]]), table), table=normal(1, 5, 3))
layer('conv1d', lambda x, weight, bias: F.conv1d(x, weight, bias, 2, 3, 2, 2), x=normal(1, 2, 4, 11), weight=normal(2, 6, 2, 3), bias=normal(3, 6))
layer('conv2d', lambda x, weight, bias: F.conv2d(x, weight, bias, (2, 1), (1, 0)), x=normal(1, 2, 3, 6, 5), weight=normal(2, 4, 3, 3, 2), bias=normal(3, 4))
layer('convTranspose1d', lambda x, weight, bias: F.conv_transpose1d(x, weight, bias, 3, 1), x=normal(1, 2, 3, 4), weight=normal(2, 3, 2, 5), bias=normal(3, 2))
layer('convTranspose2d', lambda x, weight, bias: F.conv_transpose2d(x, weight, bias, 2, 1), x=normal(1, 2, 3, 3, 4), weight=normal(2, 3, 2, 4, 4), bias=normal(3, 2))


def attention(x, context, query, key, value, out, queryBias, keyBias, valueBias, outBias, mask):
    # PyTorch keeps [out, in] and time first.
    return F.multi_head_attention_forward(
        x.transpose(0, 1), context.transpose(0, 1), context.transpose(0, 1), 4, 2, None, torch.cat([queryBias, keyBias, valueBias]), None, None, False, 0.0,
        out.T, outBias, need_weights=False, attn_mask=mask, use_separate_proj_weight=True, q_proj_weight=query.T, k_proj_weight=key.T, v_proj_weight=value.T,
    )[0].transpose(0, 1)


sizes = dict(query=(4, 4), key=(4, 4), value=(4, 4), out=(4, 4), queryBias=(4,), keyBias=(4,), valueBias=(4,), outBias=(4,), mask=(3, 5))
layer('attention', attention, x=normal(1, 2, 3, 4), context=normal(2, 2, 5, 4), **{key: normal(10 + i, *size) for i, (key, size) in enumerate(sizes.items())})

linear = nn.Linear(6, 4, bias=False)
weight, u = normal(1, 4, 6), F.normalize(normal(2, 4), dim=0)
linear.weight.data = weight.clone()
nn.utils.spectral_norm(linear)
linear.weight_u.copy_(u)
calls = []
for _ in range(3):
    linear.weight_orig.grad = None
    linear(torch.eye(6))
    (linear.weight * normal(99, 4, 6)).sum().backward()
    calls.append({'weight': plain(linear.weight), 'u': plain(linear.weight_u), 'gradient': plain(linear.weight_orig.grad)})
layers['spectralNorm'] = {'inputs': {'weight': plain(weight), 'u': plain(u)}, 'weights': plain(normal(99, 4, 6)), 'calls': calls}
write('layers.json', layers)
