/** How what Tandem knows of a ticket stands in a system's record: its custom fields, its statuses. Pure. */
import type { TicketEndpointConfig } from '../config/schema.ts'
import type { Entry, Phase } from './entry.ts'
import type { Telling } from './ticket-system.ts'

export type Fields = readonly (readonly [field: string, value: string])[]

/** What holds where the configuration says nothing. */
export interface Usual {
  /** By what they hold; `id` is one of them. */
  readonly fields: Readonly<Record<string, string>>
  readonly states: Readonly<Record<Phase, string>>
}

export class Mapping {
  readonly idField: string
  /** What it holds → custom field. */
  readonly fields: Readonly<Record<string, string>>
  readonly states: Readonly<Record<Phase, string>>

  constructor({ fields, states }: { readonly [K in 'fields' | 'states']?: TicketEndpointConfig[K] | undefined }, usual: Usual) {
    this.idField = fields?.['id'] ?? usual.fields['id'] ?? ''
    this.fields = { ...(fields ?? usual.fields), id: this.idField }
    this.states = { ...usual.states, ...states }
  }

  fieldsOf({ fields }: Entry): Fields {
    return Object.entries(this.fields).flatMap(([name, field]) => (fields[name] === undefined ? [] : [[field, fields[name]] as const]))
  }

  /** Those that are otherwise than they should be. @param now by field @param same where a system does not keep values as they are */
  otherwise(now: ReadonlyMap<string, string>, entry: Entry, same: (kept: string, value: string) => boolean = Object.is): Fields {
    return this.fieldsOf(entry).filter(([field, value]) => !same(now.get(field) ?? '', value))
  }

  /** Of a record that is made. */
  first({ phase }: Entry): string {
    return this.states[phase === 'new' ? 'new' : 'open']
  }

  /**
   * To which a record is to be changed; undefined: it is as it should be. `new` is how one begins, and not gone back to; and word that comes late,
   * after people there have gone on, does not take them back.
   * @param known it was there before
   */
  after(status: string, { phase, reopens }: Entry, known: boolean): string | undefined {
    if (phase === undefined || (known && phase === 'new')) return undefined
    if (known && phase === 'open' && !reopens && status !== this.states.new) return undefined
    return this.states[phase] === status ? undefined : this.states[phase]
  }

  /** Why a record is not as it was told to be; undefined: it is. A field that a system has not, or a status that it refuses, is often dropped in silence. */
  lost({ fields, status }: { readonly fields: ReadonlyMap<string, string>; readonly status: string }, entry: Entry, wanted: string | undefined, same: (kept: string, value: string) => boolean): string | undefined {
    const [still] = this.otherwise(fields, entry, same)
    if (still) return `field-lost-${still[0]}`
    return wanted === undefined || status === wanted ? undefined : `status-${wanted}-refused`
  }

  /** What somebody says who sets this status. */
  said(status: string): Exclude<Phase, 'new'> | undefined {
    return (['open', 'resolved', 'rejected'] as const).find((phase) => this.states[phase] === status)
  }
}

/** What is written on a record that is there already. */
export function noteOf({ note, changed, text }: Entry, links: Telling['links']): string {
  const files = links.map(({ kind, name, url, expiresAt }) => `${kind === 'recording' ? '录音' : `附件 ${name}`}（${expiresAt} 前有效）：${url}`)
  return [note, ...(changed ? [text] : []), ...files].join('\n\n')
}
