import { describe, expect, it } from 'vitest'
import { scoped } from '../../../src-main/lib/scoped'

describe('scoped', () => {
  it('lets go of what was kept once the work is done, the last first', async () => {
    const log: string[] = []
    const result = await scoped(async (keep) => {
      const one = keep('one', (name) => log.push(name))
      keep('two', async (name) => {
        await Promise.resolve()
        log.push(name)
      })
      log.push(`work with ${one}`)
      return Promise.resolve(7)
    })
    expect(result).toBe(7)
    expect(log).toEqual(['work with one', 'two', 'one'])
  })

  it('lets go of everything whatever fails, and throws what failed first', async () => {
    const log: string[] = []
    const fails = (name: string) => () => {
      log.push(name)
      throw new Error(name)
    }
    const run = (work: () => void) =>
      scoped(async (keep) => {
        keep(1, fails('one'))
        keep(2, fails('two'))
        work()
        return Promise.resolve()
      })
    await expect(run(() => {})).rejects.toThrow('two')
    await expect(run(fails('work'))).rejects.toThrow('work')
    expect(log).toEqual(['two', 'one', 'work', 'two', 'one'])
  })
})
