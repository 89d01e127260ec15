"""One critic step and one generator step of a Wasserstein GAN with gradient penalty on 64 x 64 grey pictures."""

import torch
import torch.nn.functional as F
from serving import first_moments, serve


def critic(weights, x):
    for i in range(4):
        x = F.leaky_relu(F.conv2d(x, weights[f'critic.{i}.weight'], weights[f'critic.{i}.bias'], stride=2, padding=1), 0.2)
    return x.flatten(1) @ weights['critic.out.weight']


def generator(weights, z):
    x = torch.addmm(weights['generator.in.bias'], z, weights['generator.in.weight'])
    x = F.relu(x).reshape(z.shape[0], -1, 4, 4)
    for i in (3, 2, 1, 0):
        x = F.conv_transpose2d(x, weights[f'generator.{i}.weight'], weights[f'generator.{i}.bias'], stride=2, padding=1)
        x = F.relu(x) if i > 0 else torch.tanh(x)
    return x


def open_case(values):
    weights = {name: v.requires_grad_() for name, v in values.items() if name.startswith(('critic.', 'generator.'))}
    parts = {part: {n: w for n, w in weights.items() if n.startswith(part)} for part in ('critic.', 'generator.')}
    optimizers = {part: torch.optim.Adam(named.values(), 1e-4, betas=(0, 0.9)) for part, named in parts.items()}
    real, share, z_critic, z_generator = (values[name] for name in ('real', 'share', 'critic-z', 'generator-z'))

    def update(part, loss):
        optimizers[part].zero_grad(set_to_none=True)
        loss.backward(inputs=list(parts[part].values()))
        optimizers[part].step()
        return loss.detach()

    def call():
        with torch.no_grad():
            made = generator(weights, z_critic)
        between = (real + share * (made - real)).requires_grad_()
        (gradient,) = torch.autograd.grad(critic(weights, between).sum(), between, create_graph=True)
        penalty = ((gradient.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()
        gap = critic(weights, made).mean() - critic(weights, real).mean()
        critic_loss = update('critic.', gap + 10 * penalty)
        generator_loss = update('generator.', -critic(weights, generator(weights, z_generator)).mean())
        return critic_loss, generator_loss

    def check():
        losses = list(call())
        # Later gradients of two exact sides are a few per cent apart: Adam's steps are as long where a gradient is nothing but rounding.
        moments = [first_moments(optimizers[part], parts[part]) for part in parts]
        for _ in range(2):
            losses += call()
        return {'loss': torch.stack(losses), **moments[0], **moments[1]}

    return call, check


serve(open_case)
