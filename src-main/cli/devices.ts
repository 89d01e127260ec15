import { listDevices } from '../compute'
import type { Command } from './command'

export const devices: Command = {
  name: 'devices',
  usage: 'nagare devices [--json]',
  summary: 'List what can compute here, each after a self-test',
  words: 0,
  async run() {
    const found = await listDevices()
    const lines = found.map(({ id, name, available, reason, gflops }) => {
      const state = available
        ? `${gflops === undefined ? '' : `${gflops.toFixed(gflops < 10 ? 1 : 0)} GFLOPS, `}ready`
        : `not available: ${reason ?? 'no reason given'}`
      return `${id.padEnd(12)}${name} (${state})`
    })
    return { json: { devices: found }, text: lines.join('\n') }
  },
}
