import { englishShellWords } from '@contract'

/** Numbers with their units, the command palette, projects and samples. */
export const shell = {
  units: {
    seconds: (count: string) => `${count} s`,
    minutes: (count: number) => `${count} min`,
    hours: (count: number, minutes: number) => (minutes ? `${count} h ${minutes} min` : `${count} h`),
    percent: (count: string) => `${count} %`,
  },
  palette: {
    title: 'Commands',
    action: 'Find a command…',
    find: 'Find a command, something in the library, or a setting',
    none: 'Nothing matches',
    list: 'Found',
    kinds: { action: 'Command', asset: 'Library', setting: 'Setting' },
    count: (count: number) => (count === 1 ? '1 match' : `${count} matches`),
    cannot: 'not possible now',
    keys: { move: 'choose', run: 'run', close: 'close' },
  },
  projects: {
    title: 'Projects',
    action: 'Projects…',
    reading: 'Looking for projects',
    listFailed: 'The projects could not be listed',
    current: 'Open',
    create: 'New project',
    name: 'Name',
    go: 'Create and open',
    where: (folder: string) => `It is made in ${folder}. A running job goes on when its project is opened again.`,
    opening: (name: string) => `Opening ${name}…`,
    failed: (name: string) => `${name} was not opened`,
  },
  samples: {
    title: 'Or see what it does',
    failed: 'The sample was not added',
    speech: { action: 'Clean a noisy recording', about: 'Two voices beside a running tap, 13 seconds' },
    surface: { action: 'Find the scratch on a wall', about: 'A picture of bricks, and a model that knows good ones' },
  },
  desktop: englishShellWords,
}
