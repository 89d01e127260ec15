"""f-AnoGAN's residual networks in their usual form: a critic and generator iteration, an encoder step, or scores of images."""

import sys

import torch
import torch.nn.functional as F
from serving import first_moments, serve

WHAT, SIZE, WIDTH, CRITIC_STEPS = sys.argv[1], *(int(word) for word in sys.argv[2:5])
EPSILON = 1e-5


def layer_norm(weights, name, x):
    return F.group_norm(x, 1, weights[name + '.gamma'], weights[name + '.beta'], EPSILON)


def batch_norm(training):
    def norm(weights, name, x):
        mean, variance, gamma, beta = (weights[f'{name}.{part}'] for part in ('mean', 'variance', 'gamma', 'beta'))
        return F.batch_norm(x, mean, variance, gamma, beta, training, 0.1, EPSILON)

    return norm


def down(weights, name, x, norm):
    hidden = F.conv2d(F.relu(norm(weights, f'{name}.norm1', x)), weights[f'{name}.conv1.weight'], padding=1)
    hidden = F.relu(norm(weights, f'{name}.norm2', hidden))
    hidden = F.conv2d(hidden, weights[f'{name}.conv2.weight'], weights[f'{name}.conv2.bias'], padding=1)
    beside = F.conv2d(F.avg_pool2d(x, 2), weights[f'{name}.beside.weight'], weights[f'{name}.beside.bias'])
    return F.avg_pool2d(hidden, 2) + beside


def up(weights, name, x, norm):
    hidden = F.interpolate(F.relu(norm(weights, f'{name}.norm1', x)), scale_factor=2, mode='nearest')
    hidden = F.conv2d(hidden, weights[f'{name}.conv1.weight'], padding=1)
    hidden = F.relu(norm(weights, f'{name}.norm2', hidden))
    hidden = F.conv2d(hidden, weights[f'{name}.conv2.weight'], weights[f'{name}.conv2.bias'], padding=1)
    beside = F.interpolate(x, scale_factor=2, mode='nearest')
    return hidden + F.conv2d(beside, weights[f'{name}.beside.weight'], weights[f'{name}.beside.bias'])


def levels(weights, part):
    return range(sum(name.startswith(f'{part}.blocks.') and name.endswith('conv1.weight') for name in weights))


def trunk(weights, part, x, norm):
    x = F.conv2d(x, weights[f'{part}.in.weight'], weights[f'{part}.in.bias'], padding=1)
    for level in levels(weights, part):
        x = down(weights, f'{part}.blocks.{level}', x, norm)
    return x.flatten(1)


def out(weights, part, x):
    return torch.addmm(weights[f'{part}.out.bias'], x, weights[f'{part}.out.weight'])


def features(weights, x):
    return trunk(weights, 'critic', x, layer_norm)


def criticise(weights, x):
    return out(weights, 'critic', features(weights, x))[:, 0]


def generate(weights, z, norm):
    x = torch.addmm(weights['generator.in.bias'], z, weights['generator.in.weight'])
    side = SIZE >> len(levels(weights, 'generator'))
    x = x.reshape(z.shape[0], -1, side, side)
    for level in levels(weights, 'generator'):
        x = up(weights, f'generator.blocks.{level}', x, norm)
    x = F.relu(norm(weights, 'generator.out.norm', x))
    return torch.tanh(F.conv2d(x, weights['generator.out.weight'], weights['generator.out.bias'], padding=1))


def encode(weights, x, norm):
    return torch.tanh(out(weights, 'encoder', trunk(weights, 'encoder', x, norm)))


def distances(weights, x, made):
    image = (x - made).square().flatten(1).mean(1)
    return image, (features(weights, x) - features(weights, made)).square().mean(1)


def trained(weights, part):
    names = [n for n in weights if n.startswith(part + '.') and not n.endswith(('.mean', '.variance'))]
    return {name: weights[name].requires_grad_() for name in names}


def statistics(weights, part):
    return {n: w for n, w in weights.items() if n.startswith(part + '.') and n.endswith(('.mean', '.variance'))}


def iteration(weights, inputs):
    critic, generator = trained(weights, 'critic'), trained(weights, 'generator')
    optimizers = [torch.optim.Adam(part.values(), 1e-4, betas=(0, 0.9)) for part in (critic, generator)]
    norm = batch_norm(True)
    # What the critic's steps make of the batch leaves the running statistics alone.
    aside = {name: value.clone() for name, value in weights.items() if name.endswith(('.mean', '.variance'))}

    def update(optimizer, part, loss):
        optimizer.zero_grad(set_to_none=True)
        loss.backward(inputs=list(part.values()))
        optimizer.step()
        return loss.detach()

    def call():
        losses = []
        for i in range(CRITIC_STEPS):
            real, z, share = (inputs[f'critic{i}.{name}'] for name in ('real', 'z', 'share'))
            with torch.no_grad():
                made = generate({**weights, **aside}, z, norm)
            between = (real + share * (made - real)).requires_grad_()
            (gradient,) = torch.autograd.grad(criticise(weights, between).sum(), between, create_graph=True)
            penalty = ((gradient.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()
            made_scores, real_scores = criticise(weights, torch.cat([made, real])).chunk(2)
            loss = made_scores.mean() - real_scores.mean() + 10 * penalty
            losses.append(update(optimizers[0], critic, loss))
        made = generate(weights, inputs['generator.z'], norm)
        losses.append(update(optimizers[1], generator, -criticise(weights, made).mean()))
        return losses

    def check():
        losses = torch.stack(call())
        moments = {**first_moments(optimizers[0], critic), **first_moments(optimizers[1], generator)}
        return {'loss': losses, **moments, **statistics(weights, 'generator')}

    return call, check


def encoder(weights, inputs):
    part = trained(weights, 'encoder')
    optimizer = torch.optim.RMSprop(part.values(), 5e-5, alpha=0.9)
    images = inputs['images']

    def call():
        made = generate(weights, encode(weights, images, batch_norm(True)), batch_norm(False))
        image, feature = (distance.mean() for distance in distances(weights, images, made))
        optimizer.zero_grad(set_to_none=True)
        (image + feature).backward(inputs=list(part.values()))
        optimizer.step()
        return torch.stack([image + feature, image, feature]).detach()

    def check():
        loss = call()
        squares = {f'square.{n}': optimizer.state[w]['square_avg'].reshape(-1)[:256] for n, w in part.items()}
        return {'loss': loss, **squares, **statistics(weights, 'encoder')}

    return call, check


def scoring(weights, inputs, features=True):
    norm = batch_norm(False)

    def terms(images, made):
        return distances(weights, images, made) if features else ((images - made).square().mean((1, 2, 3)),)

    def call():
        with torch.inference_mode():
            parts = []
            for images in inputs['images'].split(32):
                made = generate(weights, encode(weights, images, norm), norm)
                parts.append((*terms(images, made), (images - made).abs().mean(1), made))
            return [torch.cat(part) for part in zip(*parts)]

    def check():
        return dict(zip(('image', 'feature', 'map') if features else ('image', 'map'), call()))

    return call, check


def pixels(weights, inputs):
    return scoring(weights, inputs, features=False)


def of_sums(found):
    """Without gradients: those of so many images differ by what a single ReLU near its bend makes of rounding."""
    return {name: value for name, value in found.items() if not name.startswith(('m.', 'square.'))}


def open_case(values):
    weights = {name: value for name, value in values.items() if not name.startswith('input.')}
    inputs = {name[6:]: value for name, value in values.items() if name.startswith('input.')}
    call, check = {'iteration': iteration, 'encoder': encoder, 'scoring': scoring, 'pixels': pixels}[WHAT](weights, inputs)
    return call, lambda: of_sums(check())


serve(open_case)
