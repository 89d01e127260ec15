"""WaveGlow generating sound from noise, in its usual form: one convolution of the upsampled mel spectrogram for all layers of a flow."""

import torch
from torch import nn
from serving import serve

MELS, HOP, WINDOW, GROUP, FLOWS = 80, 256, 1024, 8, 12
EARLY_EVERY, EARLY_SIZE = 4, 2
CHANNELS, LAYERS = 256, 8


@torch.jit.script
def gated(dilated, condition, channels: int):
    both = dilated + condition
    return torch.tanh(both[:, :channels]) * torch.sigmoid(both[:, channels:])


def width(flow):
    return GROUP - EARLY_SIZE * (flow // EARLY_EVERY)


class WaveNet(nn.Module):
    def __init__(self, half):
        super().__init__()
        self.start = nn.Conv1d(half, CHANNELS, 1)
        self.condition = nn.Conv1d(MELS * GROUP, 2 * CHANNELS * LAYERS, 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(CHANNELS, 2 * CHANNELS, 3, dilation=2**i, padding=2**i) for i in range(LAYERS)
        )
        self.residual = nn.ModuleList(
            nn.Conv1d(CHANNELS, 2 * CHANNELS if i < LAYERS - 1 else CHANNELS, 1) for i in range(LAYERS)
        )
        self.end = nn.Conv1d(CHANNELS, 2 * half, 1)

    def forward(self, audio, mel):
        hidden, conditions, skipped = self.start(audio), self.condition(mel), None
        for i in range(LAYERS):
            condition = conditions[:, 2 * CHANNELS * i : 2 * CHANNELS * (i + 1)]
            both = self.residual[i](gated(self.dilated[i](hidden), condition, CHANNELS))
            last = i == LAYERS - 1
            if not last:
                hidden = hidden + both[:, :CHANNELS]
            skip = both if last else both[:, CHANNELS:]
            skipped = skip if skipped is None else skipped + skip
        return self.end(skipped)


class WaveGlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.upsample = nn.ConvTranspose1d(MELS, MELS, WINDOW, stride=HOP)
        self.flows = nn.ModuleList(WaveNet(width(k) // 2) for k in range(FLOWS))
        self.unmix = [None] * FLOWS

    def forward(self, noise, mel):
        batch, _, steps = noise.shape
        long = self.upsample(mel)[:, :, : steps * GROUP]
        grouped = long.unfold(2, GROUP, GROUP).permute(0, 2, 1, 3).contiguous()
        condition = grouped.view(batch, steps, -1).permute(0, 2, 1)
        used = GROUP - width(FLOWS - 1)
        x = noise[:, used:]
        for k in reversed(range(FLOWS)):
            half = width(k) // 2
            kept, changed = x[:, :half], x[:, half:]
            out = self.flows[k](kept, condition)
            shift, scale = out[:, :half], out[:, half:]
            x = torch.cat([kept, (changed - shift) / torch.exp(scale)], 1)
            x = nn.functional.conv1d(x, self.unmix[k])
            if k % EARLY_EVERY == 0 and k > 0:
                x = torch.cat([noise[:, used - EARLY_SIZE : used], x], 1)
                used -= EARLY_SIZE
        return x.permute(0, 2, 1).reshape(batch, -1)


def load(values):
    model = WaveGlow()
    state = {}
    for name in model.state_dict():
        parts = name.split('.')
        if 'condition' in parts:
            flow, kind = parts[1], parts[-1]
            state[name] = torch.cat([values[f'flows.{flow}.condition.{i}.{kind}'] for i in range(LAYERS)])
        else:
            state[name] = values[name]
    model.load_state_dict(state)
    model.unmix = [torch.inverse(values[f'flows.{k}.mix']).unsqueeze(2) for k in range(FLOWS)]
    return model.eval()


def open_case(values):
    model = load(values)
    noise, mel = values['input.noise'], values['input.mel']

    @torch.no_grad()
    def call():
        return model(noise, mel)

    return call, lambda: {'sound': call()}


serve(open_case)
