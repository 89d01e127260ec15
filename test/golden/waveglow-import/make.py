"""Cuts a checkpoint of the public WaveGlow (16 mel bands, 32 channels) down to a few kilobytes and saves it in every form that importers meet.

    python3 make.py CHECKPOINT.pt OUT_FOLDER
"""
import copy, json, sys, types
import numpy as np
import torch
import torch.serialization

source, out = sys.argv[1:]
MELS, CHANNELS, LAYERS = 2, 6, 2


def classes(module, names):
    made = types.ModuleType(module)
    for name in names:
        cls = type(name, (torch.nn.Module,), {'__module__': module})
        cls.__qualname__ = name
        setattr(made, name, cls)
    sys.modules[module] = made
    return made


glow = classes('glow', ['WaveGlow', 'WN', 'Invertible1x1Conv'])
glow_old = classes('glow_old', ['WaveGlow', 'WN'])
# Legacy files carry the source of every class; this one carries a line in its place.
torch.serialization.get_source_lines_and_file = lambda cls: (['left out\n'], 0, 'left-out.py')

checkpoint = torch.load(source, map_location='cpu')
model = checkpoint['model']


def keep(module, rows, columns):
    """The first rows of a convolution's outputs (an index) and the first columns of its inputs."""
    for name, value in list(module._parameters.items()):
        cut = value.data[rows]
        if name in ('weight', 'weight_v'):
            cut = cut[:, columns]
        module._parameters[name] = torch.nn.Parameter(cut.clone())
    if 'weight_v' in module._parameters:
        module.weight = torch._weight_norm(module.weight_v.data, module.weight_g.data, 0)


full = model.WN[0].n_channels
head, halves = list(range(CHANNELS)), [*range(CHANNELS), *range(full, full + CHANNELS)]
mels = list(range(MELS * model.n_group))
keep(model.upsample, list(range(MELS)), list(range(MELS)))
for wn in model.WN:
    half = wn.start.weight_v.shape[1]
    keep(wn.start, head, list(range(half)))
    keep(wn.end, list(range(2 * half)), head)
    for i in range(LAYERS):
        keep(wn.in_layers[i], halves, head)
        keep(wn.res_skip_layers[i], halves if i < LAYERS - 1 else head, head)
    keep(wn.cond_layer, [2 * full * i + row for i in range(LAYERS) for row in halves], mels)
    wn.n_channels = CHANNELS

# What the importer has to find, under the names of Nagare's packs, normed by PyTorch itself.
expected = {'upsample.weight': model.upsample.weight, 'upsample.bias': model.upsample.bias}
normed = lambda conv: torch._weight_norm(conv.weight_v, conv.weight_g, 0)
for k, wn in enumerate(model.WN):
    at = f'flows.{k}.'
    expected[at + 'mix'] = model.convinv[k].conv.weight[:, :, 0]
    expected[at + 'start.weight'], expected[at + 'start.bias'] = normed(wn.start), wn.start.bias
    expected[at + 'end.weight'], expected[at + 'end.bias'] = wn.end.weight, wn.end.bias
    for i in range(LAYERS):
        rows = slice(2 * CHANNELS * i, 2 * CHANNELS * (i + 1))
        for name, conv in [('dilated', wn.in_layers[i]), ('residual', wn.res_skip_layers[i])]:
            expected[f'{at}{name}.{i}.weight'], expected[f'{at}{name}.{i}.bias'] = normed(conv), conv.bias
        expected[f'{at}condition.{i}.weight'] = normed(wn.cond_layer)[rows]
        expected[f'{at}condition.{i}.bias'] = wn.cond_layer.bias[rows]
np.savez(f'{out}/expected.npz', **{name: value.detach().numpy() for name, value in expected.items()})

config = dict(n_mel_channels=MELS, n_flows=4, n_group=8, n_early_every=2, n_early_size=2,
              WN_config=dict(n_layers=LAYERS, n_channels=CHANNELS, kernel_size=3))
data = dict(segment_length=16000, sampling_rate=16000, filter_length=1024, hop_length=256, win_length=1024,
            mel_fmin=20.0, mel_fmax=7600.0)
json.dump(dict(train_config=dict(fp16_run=True), data_config=data, waveglow_config=config), open(f'{out}/config.json', 'w'), indent=2)


def save(value, name, legacy=False):
    torch.save(value, f'{out}/{name}.pt', _use_new_zipfile_serialization=not legacy)


def whole(model):
    return dict(model=model, iteration=1234, optimizer=dict(state={}, param_groups=[]), learning_rate=1e-4)


def unfused(state):
    result = {}
    for name, value in state.items():
        if '.cond_layer.' not in name:
            result[name] = value
            continue
        for i in range(LAYERS):
            rows = slice(2 * CHANNELS * i, 2 * CHANNELS * (i + 1))
            # Cloned, else every part would be saved with the storage of all.
            result[name.replace('.cond_layer.', f'.cond_layers.{i}.')] = value[rows].clone()
    return result


def plain(model):
    model = copy.deepcopy(model)
    for conv in [conv for wn in model.WN for conv in [wn.start, wn.cond_layer, *wn.in_layers, *wn.res_skip_layers]]:
        torch.nn.utils.remove_weight_norm(conv)
    return model


def oldest(model):
    """Residual and skip convolutions apart, conditioning by layer, as the first public code had them."""
    model = copy.deepcopy(model)
    for wn in model.WN:
        def convolution(weight, bias):
            conv = torch.nn.Conv1d(weight.shape[1], weight.shape[0], 1)
            conv.weight.data, conv.bias.data = weight.clone(), bias.clone()
            return torch.nn.utils.weight_norm(conv)
        norm = lambda conv: torch._weight_norm(conv.weight_v.data, conv.weight_g.data, 0)
        both = [(norm(conv), conv.bias.data) for conv in wn.res_skip_layers]
        condition, bias = norm(wn.cond_layer), wn.cond_layer.bias.data
        wn.res_layers = torch.nn.ModuleList([convolution(w[:CHANNELS], b[:CHANNELS]) for w, b in both[:-1]])
        wn.skip_layers = torch.nn.ModuleList([convolution(w[-CHANNELS:], b[-CHANNELS:]) for w, b in both])
        rows = [slice(2 * CHANNELS * i, 2 * CHANNELS * (i + 1)) for i in range(LAYERS)]
        wn.cond_layers = torch.nn.ModuleList([convolution(condition[r], bias[r]) for r in rows])
        del wn.res_skip_layers, wn.cond_layer
    return model


state = {name: value.clone() for name, value in model.state_dict().items()}
save(whole(model), 'module-zip')
save(whole(model), 'module-legacy', legacy=True)
save(torch.nn.DataParallel(model), 'parallel-legacy', legacy=True)
save(state, 'state')
save({name: value.half() for name, value in state.items()}, 'state-half')
save({name: value.bfloat16() for name, value in state.items()}, 'state-bfloat16')
hub = dict(epoch=10, config=config, state_dict={'module.' + name: value for name, value in unfused(state).items()})
save(hub, 'hub-zip')
save(hub, 'hub-legacy', legacy=True)
save(whole(plain(model)), 'plain-legacy', legacy=True)

inference = plain(model).half()
for conv in inference.convinv:
    conv.W_inverse = torch.inverse(conv.conv.weight.float()[:, :, 0])[:, :, None].half()
save(whole(inference), 'inference-half-legacy', legacy=True)

save(whole(oldest(model)), 'oldest-legacy', legacy=True)
old = oldest(model)
for module in [old, *old.WN]:
    module.__class__ = getattr(glow_old, type(module).__name__)
save(whole(old), 'glow-old-legacy', legacy=True)

# Every number type, and views that only look like plain tensors.
base = torch.arange(24, dtype=torch.float32)
views = dict(
    transposed=base.view(4, 6).t(), strided=base[1::5], shared=base.view(2, 3, 4)[1], scalar=torch.tensor(2.5),
    empty=torch.zeros(0, 3), double=base.double()[:3] / 3, half=base.half()[:3] / 3, bfloat16=base.bfloat16()[:3] / 3,
    long=torch.tensor([-5, 2 ** 31 - 1]), int=torch.tensor([-7, 9], dtype=torch.int32), short=torch.tensor([-300], dtype=torch.int16),
    byte=torch.tensor([200], dtype=torch.uint8), char=torch.tensor([-100], dtype=torch.int8), bool=torch.tensor([True, False]),
)
save(views, 'views-zip')
save(views, 'views-legacy', legacy=True)
report = [np.arange(6, dtype=np.float32).reshape(2, 3), [np.float64(0.5), np.int64(3)], dict(loss=-4.25, best=None, name='blow'), 'é', 2 ** 70]
save(report, 'report')
