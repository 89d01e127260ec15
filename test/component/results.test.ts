import type { Asset } from '@contract'
import { expect, test } from 'vitest'
import { takeDetail } from '../../src-renderer/library/take-name'
import { byProtocol, headline } from '../../src-renderer/models/figures'
import type { Take } from '../../src-renderer/state/selection.svelte'

const figure = (name: string, value: number, unit: string, protocol = 'held out') => ({ name, value, unit, protocol })

test('the headline is a level before and after', () => {
  const all = [
    figure('validation loss', -2500, 'nats/frame'),
    figure('SI-SDR in', 2.6, 'dB'),
    figure('SI-SDR out', 9.75, 'dB'),
  ]
  expect(headline(all)).toBe('SI-SDR 2.6 → 9.8 dB')
  expect(headline(all.slice(0, 2))).toBe('SI-SDR in 2.6 dB')
  expect(headline(all.slice(0, 1))).toBe('')
})

test('figures of one protocol stand together, levels first', () => {
  const groups = byProtocol([
    figure('KL', 33, 'nats/frame', 'a'),
    figure('SI-SDR in', 2.6, 'dB', 'b'),
    figure('loss', 1, 'nats/frame', 'a'),
    figure('SI-SDR out', 9.7, 'dB', 'b'),
  ])
  expect(groups.map(({ protocol, figures }) => [protocol, ...figures.map(({ name }) => name)])).toEqual([
    ['b', 'SI-SDR in', 'SI-SDR out'],
    ['a', 'KL', 'loss'],
  ])
})

const take = (settings: Record<string, unknown>, pack = 'Speech enhancer') =>
  ({ job: 'j', noise: undefined, result: { origin: { pack: { name: pack }, settings } } as unknown as Asset }) as Take

test('a result is told from the others by what is not the same in all', () => {
  const titleOf = (name: string) => ({ iterations: 'Iterations' })[name] ?? name
  const one = take({ iterations: 50, noise: true })
  const two = take({ iterations: 5, noise: false })
  const other = take({ iterations: 50, noise: true }, 'My voice')
  expect(takeDetail(one, [one], titleOf)).toBe('Speech enhancer')
  expect(takeDetail(two, [one, two], titleOf)).toBe('Iterations 5')
  expect(takeDetail(other, [one, two, other], titleOf)).toBe('My voice, Iterations 50')
})
