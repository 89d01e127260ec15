import torch
import torch.nn.functional as F
from serving import serve


def open_case(values):
    x, weight, bias = values['x'], values['conv.weight'], values['conv.bias']

    @torch.no_grad()
    def call():
        return F.conv1d(x, weight, bias, dilation=4, padding=4)

    return call, lambda: {'y': call()}


serve(open_case)
