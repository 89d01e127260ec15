"""Blow turning frames of one voice into another, every item with kernels of its own, as the public code has it."""

import sys

import torch
from torch import nn
from torch.nn import functional as F
from serving import serve

FRAME, BLOCKS, FLOWS, CHANNELS = (int(word) for word in sys.argv[1:5])
EPSILON = 1e-7


class Coupling(nn.Module):
    def __init__(self, values, name):
        super().__init__()
        for part in ('kernel', 'offset', 'hidden', 'end'):
            setattr(self, part, (values[f'{name}.{part}.weight'], values[f'{name}.{part}.bias']))

    def forward(self, kept, voice):
        batch, half, steps = kept.shape
        kernels = F.linear(voice, self.kernel[0].t(), self.kernel[1]).reshape(batch * CHANNELS, 1, 3)
        offsets = F.linear(voice, self.offset[0].t(), self.offset[1]).reshape(batch * CHANNELS)
        adapted = F.conv1d(kept.reshape(1, batch * half, steps), kernels, offsets, padding=1, groups=batch * half)
        hidden = F.relu(F.conv1d(F.relu(adapted.view(batch, CHANNELS, steps)), *self.hidden))
        raw, shift = F.conv1d(hidden, *self.end, padding=1).chunk(2, 1)
        return torch.sigmoid(raw + 2) + EPSILON, shift


class Flow:
    def __init__(self, values, name):
        of = lambda part: values[f'{name}.{part}']
        c = of('mix.sign').numel()
        lower = torch.tril(of('mix.lower'), -1) + torch.eye(c)
        upper = torch.triu(of('mix.upper'), 1) + torch.diag(of('mix.sign') * torch.exp(of('mix.logScale')))
        matrix = of('mix.order') @ lower @ upper
        self.mix, self.unmix = matrix.unsqueeze(2), torch.inverse(matrix).unsqueeze(2)
        self.shift, self.scale = of('norm.shift').view(1, -1, 1), torch.exp(of('norm.logScale')).view(1, -1, 1)
        self.coupling = Coupling(values, name)

    def forth(self, x, voice):
        x = self.scale * (F.conv1d(x, self.mix) + self.shift)
        kept, changed = x.chunk(2, 1)
        scale, shift = self.coupling(kept, voice)
        return torch.cat([kept, scale * (changed + shift)], 1)

    def back(self, x, voice):
        kept, changed = x.chunk(2, 1)
        scale, shift = self.coupling(kept, voice)
        x = torch.cat([kept, changed / scale - shift], 1)
        return F.conv1d(x / self.scale - self.shift, self.unmix)


def squeeze(x):
    batch, channels, steps = x.shape
    return x.view(batch, channels, steps // 2, 2).permute(0, 1, 3, 2).reshape(batch, channels * 2, steps // 2)


def unsqueeze(x):
    batch, channels, steps = x.shape
    return x.view(batch, channels // 2, 2, steps).permute(0, 1, 3, 2).reshape(batch, channels // 2, steps * 2)


def bounded(x):
    x = torch.nan_to_num(x, 0.0).clamp(-100, 100)
    bent = torch.sign(x) * (0.97 + 0.03 * (1 - torch.exp(-0.7 * (x.abs() - 0.97) / 0.03)))
    return torch.where(x.abs() > 0.97, bent, x)


def open_case(values):
    blocks = [[Flow(values, f'blocks.{b}.flows.{f}') for f in range(FLOWS)] for b in range(BLOCKS)]
    sound = values['input.sound']
    hop = FRAME // 2
    window = torch.hann_window(FRAME)

    @torch.no_grad()
    def call():
        frames = F.pad(sound, (hop, hop)).unfold(0, FRAME, hop)
        count = frames.shape[0]
        source, target = (values['voices'][i].expand(count, -1) for i in (0, 1))
        x = frames.unsqueeze(1)
        for block in blocks:
            x = squeeze(x)
            for flow in block:
                x = flow.forth(x, source)
        for block in reversed(blocks):
            for flow in reversed(block):
                x = flow.back(x, target)
            x = unsqueeze(x)
        faded = (window * bounded(x.view(count, FRAME))).t()
        length = (count + 1) * hop
        joined = F.fold(faded.unsqueeze(0), (1, length), (1, FRAME), stride=(1, hop))
        return joined.view(-1)[hop : hop + sound.numel()]

    return call, lambda: {'sound': call()}


serve(open_case)
