"""The network in a coupling of WaveGlow, in its usual form: one convolution of the mel spectrogram for all layers."""

import sys

import torch
from torch import nn
from serving import first_moments, serve


@torch.jit.script
def gated(dilated, condition, channels: int):
    both = dilated + condition
    return torch.tanh(both[:, :channels]) * torch.sigmoid(both[:, channels:])


class WaveNet(nn.Module):
    def __init__(self, signals=4, conditioning=640, channels=256, layers=8):
        super().__init__()
        self.channels, self.layers = channels, layers
        self.start = nn.Conv1d(signals, channels, 1)
        self.condition = nn.Conv1d(conditioning, 2 * channels * layers, 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, 3, dilation=2**i, padding=2**i) for i in range(layers)
        )
        self.residual = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels if i < layers - 1 else channels, 1) for i in range(layers)
        )
        self.end = nn.Conv1d(channels, 2 * signals, 1)

    def forward(self, audio, mel):
        channels = self.channels
        hidden, conditions, skipped = self.start(audio), self.condition(mel), None
        for i in range(self.layers):
            condition = conditions[:, 2 * channels * i : 2 * channels * (i + 1)]
            both = self.residual[i](gated(self.dilated[i](hidden), condition, channels))
            last = i == self.layers - 1
            if not last:
                hidden = hidden + both[:, :channels]
            skip = both if last else both[:, channels:]
            skipped = skip if skipped is None else skipped + skip
        return self.end(skipped)


def load(values):
    model = WaveNet()
    state = {}
    for name in model.state_dict():
        if name.startswith('condition.'):
            kind = name.split('.')[1]
            state[name] = torch.cat([values[f'condition.{i}.{kind}'] for i in range(model.layers)])
        else:
            state[name] = values[name]
    model.load_state_dict(state)
    return model


def forward_case(values):
    model = load(values)
    audio, mel = values['audio'], values['mel']

    @torch.no_grad()
    def call():
        return model(audio, mel)

    return call, lambda: {'y': call()}


def step_case(values):
    model = load(values)
    audio, mel, target = values['audio'], values['mel'], values['target']
    optimizer = torch.optim.Adam(model.parameters(), 1e-4)

    def call():
        optimizer.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(model(audio, mel), target)
        loss.backward()
        optimizer.step()
        return loss.detach()

    def check():
        losses = torch.stack([call() for _ in range(3)])
        named = dict(model.named_parameters())
        moments = first_moments(optimizer, {name: p for name, p in named.items() if 'condition.' not in name})
        for kind in ('weight', 'bias'):
            parts = optimizer.state[named[f'condition.{kind}']]['exp_avg'].chunk(model.layers)
            for i, part in enumerate(parts):
                moments[f'm.condition.{i}.{kind}'] = part.reshape(-1)[:256]
        return {'loss': losses, **moments}

    return call, check


serve({'forward': forward_case, 'step': step_case}[sys.argv[1]])
