import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What computes behind a GPU provider. */
export interface Gpu {
  name: string
  /** A driver that draws with the processor: right, but slower than the processor itself. */
  software: boolean
}

/** The files in which Linux describes its hardware and this process. */
export interface SystemFiles {
  list(folder: string): Promise<string[]>
  read(file: string): Promise<string>
}

const systemFiles: SystemFiles = {
  list: (folder) => readdir(folder).catch(() => []),
  read: (file) => readFile(file, 'utf8').catch(() => ''),
}

const softwareDrivers: readonly [library: RegExp, name: string][] = [
  [/libvk_swiftshader/, 'SwiftShader'],
  [/libvulkan_lvp/, 'llvmpipe'],
]

/** Vulkan drivers of graphics cards, by the PCI vendor that they drive. */
const cardDrivers: readonly [library: RegExp, vendor: string][] = [
  [/libvulkan_radeon|amdvlk/, '0x1002'],
  [/libvulkan_intel/, '0x8086'],
  [/libGLX_nvidia|libEGL_nvidia|libnvidia-|libvulkan_nouveau/, '0x10de'],
]

const vendors: Readonly<Record<string, string>> = { '0x1002': 'AMD', '0x8086': 'Intel', '0x10de': 'NVIDIA' }

interface Card extends Pick<Gpu, 'name'> {
  vendor: string
}

/**
 * What a GPU provider of this process computes on, from what the system tells; ask after a session was opened, when the driver is loaded.
 * `generic` is the name where nothing better can be found.
 */
export async function findGpu(
  generic: string,
  { platform = process.platform, files = systemFiles }: { platform?: NodeJS.Platform; files?: SystemFiles } = {},
): Promise<Gpu> {
  if (platform === 'linux') return linuxGpu(generic, files)
  const names = platform === 'win32' ? await windowsNames() : platform === 'darwin' ? await macNames() : []
  return chooseNamed(generic, names)
}

/** Whether the system shows any graphics hardware: without it only software drivers are left. True where that cannot be told. */
export async function hasGpu({
  platform = process.platform,
  files = systemFiles,
}: { platform?: NodeJS.Platform; files?: SystemFiles } = {}): Promise<boolean> {
  if (platform !== 'linux') return true
  return (await linuxCards(files)).length > 0 || (await hasOtherHardware(files))
}

async function linuxGpu(generic: string, files: SystemFiles): Promise<Gpu> {
  const loaded = await files.read('/proc/self/maps')
  const cards = await linuxCards(files)
  const driven = cards.filter(({ vendor }) =>
    cardDrivers.some(([library, of]) => of === vendor && library.test(loaded)),
  )
  if (driven[0]) return { name: driven[0].name, software: false }
  const software = softwareDrivers.find(([library]) => library.test(loaded))
  if (software && !(await hasOtherHardware(files)))
    return { name: `${software[1]} (software, no graphics card)`, software: true }
  return { name: cards[0]?.name ?? generic, software: false }
}

/** NVIDIA's own list first, since it has full names; then PCI cards with a display driver. */
async function linuxCards(files: SystemFiles): Promise<Card[]> {
  const cards: Card[] = []
  for (const slot of await files.list('/proc/driver/nvidia/gpus')) {
    const text = await files.read(join('/proc/driver/nvidia/gpus', slot, 'information'))
    const model = /^Model:\s*(.+)$/m.exec(text)?.[1]?.trim()
    if (model) cards.push({ vendor: '0x10de', name: model })
  }
  for (const card of await files.list('/sys/class/drm')) {
    if (!/^card\d+$/.test(card)) continue
    const of = async (field: string) => (await files.read(join('/sys/class/drm', card, 'device', field))).trim()
    const [vendor, device] = [await of('vendor'), await of('device')]
    const maker = vendors[vendor]
    if (!maker || cards.some((known) => known.vendor === vendor)) continue
    cards.push({ vendor, name: (await pciName(vendor, device, files)) ?? `${maker} GPU (${device})` })
  }
  return cards
}

/** Name of a PCI device in the system's list, where there is one: lines of vendors, below each its devices after a tab. */
async function pciName(vendor: string, device: string, files: SystemFiles): Promise<string | undefined> {
  for (const file of ['/usr/share/misc/pci.ids', '/usr/share/hwdata/pci.ids']) {
    const text = await files.read(file)
    const start = new RegExp(`^${vendor.slice(2)}  (.+)$`, 'm').exec(text)
    if (!start) continue
    const below = text.slice(start.index).split(/\n(?=[0-9a-f])/)[0]!
    const model = new RegExp(`^\\t${device.slice(2)}  (.+)$`, 'm').exec(below)?.[1]
    if (model) return `${vendors[vendor]} ${/\[(.+)\]/.exec(model)?.[1] ?? model}`
  }
  return undefined
}

/** Graphics of a system on a chip, or Windows' own behind WSL. */
async function hasOtherHardware(files: SystemFiles): Promise<boolean> {
  if ((await files.list('/dev')).includes('dxg')) return true
  for (const node of await files.list('/sys/class/drm')) {
    if (!/^renderD\d+$/.test(node)) continue
    const driver = await files.read(join('/sys/class/drm', node, 'device', 'uevent'))
    if (/^DRIVER=(msm|panfrost|panthor|v3d|asahi|powervr)/m.test(driver)) return true
  }
  return false
}

const run = promisify(execFile)

async function windowsNames(): Promise<string[]> {
  const script = '(Get-CimInstance Win32_VideoController).Name'
  const words = ['-NoProfile', '-NonInteractive', '-Command', script]
  const { stdout } = await run('powershell.exe', words, { timeout: 15_000 }).catch(() => ({ stdout: '' }))
  return stdout.split(/\r?\n/).filter(Boolean)
}

async function macNames(): Promise<string[]> {
  const { stdout } = await run('system_profiler', ['SPDisplaysDataType', '-json'], { timeout: 15_000 }).catch(() => ({
    stdout: '{}',
  }))
  const { SPDisplaysDataType = [] } = JSON.parse(stdout) as { SPDisplaysDataType?: { sppci_model?: string }[] }
  return SPDisplaysDataType.flatMap(({ sppci_model }) => sppci_model ?? [])
}

/** The first name of a real card; the system's own software driver where there is no other. */
export function chooseNamed(generic: string, names: readonly string[]): Gpu {
  const isSoftware = (name: string) => /Microsoft Basic (Render|Display)|SwiftShader|llvmpipe/i.test(name)
  const real = names.filter((name) => !isSoftware(name) && !/Remote Display|Virtual Display|Mirage/i.test(name))
  // Of several, providers take the one of most power.
  const dedicated = real.find((name) => /NVIDIA|GeForce|Radeon (RX|Pro)|Arc/i.test(name))
  if (real.length > 0) return { name: dedicated ?? real[0]!, software: false }
  const software = names.find(isSoftware)
  return software ? { name: `${software} (software)`, software: true } : { name: generic, software: false }
}
