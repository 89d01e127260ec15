import { mkdir } from 'node:fs/promises'
import { NagareError } from '../lib/errors'
import { addPack, catalogue, describePack, halvePack, openPack, readManifest, removePack } from '../packs'
import { places } from '../files'
import { readAbout } from './about'
import { findPack, packFolders } from './places'
import { needed, type Command } from './command'
import { packOutput } from './outputs'

const usage =
  'nagare models [list | show PACK | add FILE | remove PACK | describe PACK --card FILE | halve PACK -o OUT]'

export const models: Command = {
  name: 'models',
  usage,
  summary: 'List, show, add, remove or shrink models',
  words: 2,
  help: {
    list: 'all models (what it does when nothing is said)',
    'show PACK': 'card and tensors of a model, by name or path',
    'add FILE': 'check a pack and copy it to your models',
    'remove PACK': 'delete one of your models',
    'describe PACK --card FILE':
      'another name, description or licence on the card of a pack, from a JSON file as `train` takes',
    'halve PACK -o OUT': 'the same model with its weights in 16 bits, at half the size',
  },
  options: { out: { type: 'string', short: 'o' }, card: { type: 'string' } },
  async run({ values, positionals }, terminal) {
    const [verb = 'list', what] = positionals
    if (verb === 'list') {
      const entries = await catalogue(packFolders(), (path, why) => terminal.note(`${path}: ${why.message}`))
      const lines = entries.map(
        ({ record: { id, kind, name, origin, bytes } }) =>
          `${id.padEnd(28)} ${kind.padEnd(12)} ${(bytes / 1e6).toFixed(1).padStart(6)} MB  ${name}${origin === 'user' ? '' : ' (starter)'}`,
      )
      return {
        json: { models: entries.map(({ path, record }) => ({ path, ...record })) },
        text: lines.join('\n') || 'There are no models yet.',
      }
    }
    if (!['show', 'add', 'remove', 'describe', 'halve'].includes(verb))
      throw new NagareError('bad-input', `models knows list, show, add, remove, describe and halve, not ${verb}.`, {
        hint: `Usage: ${usage}`,
      })
    if (!what) throw new NagareError('bad-input', `models ${verb} needs a name.`, { hint: `Usage: ${usage}` })
    if (verb === 'show') {
      const { path, manifest, sha256, weights } = await openPack(await findPack(what))
      const tensors = Object.entries(weights).map(([name, { shape }]) => ({ name, shape }))
      const parameters = tensors.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0)
      const json = { path, sha256, parameters, ...manifest, tensors }
      return { json, text: JSON.stringify(json, null, 2) }
    }
    if (verb === 'add') {
      await mkdir(places().userPacks, { recursive: true })
      const { path, record } = await addPack(what, places().userPacks, await catalogue(packFolders()))
      return { json: { path, ...record }, text: `Added ${record.name} as ${record.id}.` }
    }
    if (verb === 'remove') {
      const entry = (await catalogue(packFolders())).find(({ record }) => record.id === what)
      if (!entry)
        throw new NagareError('not-found', `There is no model ${what}.`, { hint: 'See `nagare models list`.' })
      await removePack(entry)
      return { json: { removed: what }, text: `Removed ${what}.` }
    }
    if (verb === 'describe') {
      const path = await findPack(what)
      const about = await readAbout(needed(values, 'card', usage))
      await describePack(path, about)
      return { json: { pack: path, ...about }, text: `${path}: described anew.` }
    }
    const out = await packOutput(needed(values, 'out', usage))
    const path = await findPack(what)
    await halvePack(path, out)
    const [before, after] = [(await readManifest(path)).bytes, (await readManifest(out)).bytes]
    const megabytes = (bytes: number) => (bytes / 1e6).toFixed(1)
    return {
      json: { pack: out, before, bytes: after },
      text: `${out}: ${megabytes(after)} MB, before ${megabytes(before)} MB.`,
    }
  },
}
