import { listDevices, type DeviceInfo } from '../compute'
import type { Command } from './command'

export const devices: Command = {
  name: 'devices',
  usage: 'nagare devices [--json]',
  summary: 'List what can compute here, each after a self-test',
  words: 0,
  async run() {
    const found = await listDevices()
    const lines = found.map((device) => `${device.id.padEnd(12)}${device.name} (${describe(device)})`)
    return { json: { devices: found }, text: lines.join('\n') }
  },
}

function describe({ available, reason, gflops, trainingGflops, software, onProcessor }: DeviceInfo): string {
  if (!available) return `not available: ${reason ?? 'no reason given'}`
  const rate = (speed: number) => (speed < 10 ? speed.toFixed(1) : speed.toFixed(0))
  return [
    ...(gflops === undefined ? [] : [`${rate(gflops)} GFLOPS`]),
    ...(trainingGflops === undefined ? [] : [`${rate(trainingGflops)} in training with transfers`]),
    ...(onProcessor ? [`${onProcessor} nodes of its test on the processor`] : []),
    software ? 'ready, but slower than the processor: `auto` never takes it' : 'ready',
  ].join(', ')
}
