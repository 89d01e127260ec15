"""Answers the requests of test/bench/messages.ts on stdin, one line of JSON each: the measured process of PyTorch's side."""

import json
import math
import struct
import sys
import time

import torch


def read_numbers(path):
    """Tensors of a safetensors file, by name."""
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    (length,) = struct.unpack_from('<Q', data)
    header = json.loads(data[8 : 8 + length])
    header.pop('__metadata__', None)
    tensors = {}
    for name, entry in header.items():
        start, _ = entry['data_offsets']
        count = math.prod(entry['shape'])
        flat = torch.frombuffer(data, dtype=torch.float32, count=count, offset=8 + length + start)
        tensors[name] = flat.reshape(entry['shape']).clone()
    return tensors


def write_numbers(path, tensors):
    header, parts, end = {}, [], 0
    for name, tensor in tensors.items():
        flat = tensor.detach().contiguous().reshape(-1).tolist()
        part = struct.pack(f'<{len(flat)}f', *flat)
        header[name] = {'dtype': 'F32', 'shape': list(tensor.shape), 'data_offsets': [end, end + len(part)]}
        parts.append(part)
        end += len(part)
    text = json.dumps(header).encode()
    with open(path, 'wb') as file:
        file.write(struct.pack('<Q', len(text)) + text + b''.join(parts))


def peak_megabytes():
    try:
        with open('/proc/self/status') as status:
            kibibytes = next(int(line.split()[1]) for line in status if line.startswith('VmHWM:'))
        return kibibytes * 1024 / 1e6
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return None
    # macOS counts bytes.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def first_moments(optimizer, parameters):
    """The first 256 numbers of Adam's first moment of each named parameter."""
    return {f'm.{name}': optimizer.state[tensor]['exp_avg'].reshape(-1)[:256].clone() for name, tensor in parameters.items()}


def serve(open_case):
    """`open_case` takes the numbers by name and answers two functions: one call, and what both sides must agree on."""
    values = call = None

    def answer(request):
        nonlocal values, call
        what = request['do']
        if what == 'open':
            torch.set_num_threads(request['threads'])
            values = request['values']
            call, _ = open_case(read_numbers(values))
            return {'versions': {'torch': torch.__version__}}
        if what == 'time':
            figures = []
            for _ in range(request['repeats']):
                start = time.perf_counter()
                for _ in range(request['calls']):
                    call()
                figures.append(1000 * (time.perf_counter() - start) / request['calls'])
            return {'milliseconds': figures}
        if what == 'peak':
            return {'megabytes': peak_megabytes()}
        if what == 'check':
            _, check = open_case(read_numbers(values))
            write_numbers(request['result'], check())
            return {}
        raise ValueError(f'There is no request {what}.')

    for line in sys.stdin:
        try:
            reply = answer(json.loads(line))
        except Exception as error:
            reply = {'error': f'{type(error).__name__}: {error}'}
        print(json.dumps(reply), flush=True)
