import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Eta } from 'eta'
import type { Config } from '../config/schema.ts'
import { platforms } from '../domain/handover/handover.ts'
import { dialablesOf } from '../config/endpoints.ts'
import { heartbeat } from './heartbeat.ts'
import { hintsOf } from '../softkeys/extensions.ts'
import { codesOf } from '../softkeys/digits.ts'
import { announcements } from './music-classes.ts'
import { toneFiles } from './tone-files.ts'

/** Where Asterisk finds its things; the defaults are Debian's. */
export interface AsteriskDirs {
  readonly etc: string
  readonly modules: string
  readonly var: string
  readonly data: string
  readonly spool: string
  readonly run: string
  readonly log: string
  readonly music: string
}

export const debianDirs = (arch: string): AsteriskDirs => ({
  etc: '/etc/asterisk',
  modules: `/usr/lib/${arch}-linux-gnu/asterisk/modules`,
  var: '/var/lib/asterisk',
  data: '/usr/share/asterisk',
  spool: '/var/spool/asterisk',
  run: '/var/run/asterisk',
  log: '/var/log/asterisk',
  music: '/usr/share/asterisk/moh',
})

const templates = ['asterisk-config', 'dialplans'].map((folder) => fileURLToPath(new URL(`../../${folder}/`, import.meta.url)))

/** Asterisk looks for these and complains when they are missing; empty means its defaults, which fit. */
const defaults = ['acl', 'ccss', 'cel', 'features', 'geolocation', 'pjproject', 'stasis', 'udptl', 'websocket_client']

/** Writes Asterisk's whole configuration into `target` (files 0600: they hold secrets). Returns the names written. */
export function renderAsterisk(config: Config, dirs: AsteriskDirs, target: string): readonly string[] {
  mkdirSync(target, { recursive: true, mode: 0o700 })
  const values = {
    config,
    dirs,
    heartbeat,
    toneFiles,
    announcements,
    hints: config.keys.lamps ? hintsOf(config) : [],
    // What a phone may dial: each is a key.
    keyExtensions: [...new Set([...hintsOf(config).map(({ extension }) => extension), ...Object.values(codesOf(config))])],
    platforms: platforms.map((id) => ({
      id,
      numbers: config.desks[id].numbers,
      dial: dialablesOf(config, id)
        .map((endpoint) => endpoint.dial)
        .join('&'),
    })),
  }
  for (const { name, sln } of toneFiles) {
    mkdirSync(join(target, name), { recursive: true, mode: 0o700 })
    writeFileSync(join(target, name, 'tone.sln'), sln, { mode: 0o600 })
  }
  for (const name of defaults) writeFileSync(join(target, `${name}.conf`), '; defaults\n', { mode: 0o600 })
  return templates.flatMap((folder) => {
    const eta = new Eta({ views: folder, autoEscape: false, autoTrim: false, useWith: false })
    return readdirSync(folder)
      .filter((file) => file.endsWith('.conf.eta'))
      .map((file) => {
        const name = basename(file, '.eta')
        writeFileSync(join(target, name), eta.render(`./${file}`, values), { mode: 0o600 })
        return name
      })
  })
}
