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

export interface Deed {
  /** What was done: a status was set, or something was written for the citizen. */
  readonly what: Exclude<Phase, 'new'> | 'reply'
  /** The ticket's. */
  readonly id: string
  /** The record's number there. */
  readonly number: string
  readonly by: string
  /** ISO 8601. */
  readonly at: string
  readonly text: string | undefined
}

/** What people did there, as a message of its platform. */
export function messageOf({ what, id, number, by, at, text }: Deed): object {
  const common = { ticket: { id }, reference: number, by, at, ...(text === undefined || text === '' ? {} : { text: text.slice(0, 2_000) }) }
  switch (what) {
    case 'reply':
      return { type: 'ticket.reported', data: { ...common, step: 'in-progress' } }
    case 'open':
      return { type: 'ticket.accepted', data: common }
    case 'resolved':
      return { type: 'ticket.reported', data: { ...common, step: 'resolved' } }
    case 'rejected':
      return { type: 'ticket.returned', data: { ...common, cause: 'other' } }
  }
}

/** By whom, and when, ms by the system's clock. */
interface Done {
  readonly by: number
  readonly ms: number
}

/** Which reply came with which change of status: one turn of a person, which systems keep as two things, the status first. */
export function repliesWith<C extends Done, R extends Done>(changes: readonly C[], replies: readonly R[], momentMs: number): ReadonlyMap<C, R> {
  return new Map(
    replies.flatMap((reply) => {
      const change = changes.findLast(({ by, ms }) => by === reply.by && ms <= reply.ms && reply.ms - ms <= momentMs)
      return change ? [[change, reply] as const] : []
    }),
  )
}

/** Of what people write, only the words are told. */
export function withoutTags(html: string): string {
  const text = html.replaceAll(/<br\s*\/?>|<\/(?:p|div|li)>/giu, '\n').replaceAll(/<[^>]*>/gu, '')
  return text.replaceAll(/&(lt|gt|quot|#39|nbsp|amp);/gu, (_, name: string) => entities[name] ?? '').trim()
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', '#39': "'", nbsp: ' ', amp: '&' }
