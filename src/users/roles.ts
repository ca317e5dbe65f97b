/** Who may do what. Pure. */
import type { Fact } from '../domain/facts.ts'
import { accountFactTypes } from '../domain/service-facts.ts'
import type { Platform } from '../domain/handover/handover.ts'

export const roles = ['agent', 'supervisor', 'administrator', 'auditor', 'system'] as const
/** What somebody is here for: an agent or call-taker, a supervisor (班长), who runs the machines, who checks afterwards, another system. */
export type Role = (typeof roles)[number]

/** What a request does. `health` is for everybody. */
export const permissions = [
  'calls:read',
  'calls:command',
  'agents:state',
  'tickets:read',
  'tickets:command',
  'deliveries:read',
  'deliveries:replay',
  'recordings',
  'ledger:read',
  'ledger:export',
  'ledger:erase',
  'need-to-know:mark',
  'need-to-know:lift',
  'test-calls',
  'accounts',
  'catalogue',
] as const
export type Permission = (typeof permissions)[number]

/** What each role may, where an account's own scopes do not say otherwise. */
export const permissionsOf: Readonly<Record<Role, readonly Permission[]>> = {
  agent: ['calls:read', 'calls:command', 'agents:state', 'tickets:read', 'tickets:command', 'need-to-know:mark', 'ledger:read'],
  supervisor: ['calls:read', 'calls:command', 'agents:state', 'tickets:read', 'tickets:command', 'deliveries:read', 'deliveries:replay', 'recordings', 'ledger:read', 'ledger:export', 'need-to-know:mark', 'need-to-know:lift', 'test-calls', 'catalogue'],
  administrator: ['calls:read', 'agents:state', 'tickets:read', 'deliveries:read', 'deliveries:replay', 'ledger:read', 'ledger:erase', 'test-calls', 'accounts', 'catalogue'],
  auditor: ['calls:read', 'tickets:read', 'deliveries:read', 'recordings', 'ledger:read', 'ledger:export'],
  system: ['calls:read', 'calls:command', 'agents:state', 'tickets:read', 'tickets:command', 'deliveries:read', 'deliveries:replay', 'need-to-know:mark', 'ledger:read', 'test-calls'],
}

/** Whoever makes a request. */
export interface Who {
  /** Of the user or the key, in every record. */
  readonly name: string
  readonly kind: 'key' | 'user'
  readonly role: Role
  readonly permissions: ReadonlySet<Permission>
  /** Of an agent: his own seat. */
  readonly agent?: string
  /** Whose he or it is; of an agent, his desk's. */
  readonly platform?: Platform
}

const ofAccounts = new Set<Fact['type']>([...accountFactTypes, 'record-viewed', 'ledger-exported', 'personal-data-erased'])

/** Who signed in, and who looked at what, is for those who look after it: administrators and auditors. */
export const mayHear = ({ role }: Pick<Who, 'role'>, fact: Pick<Fact, 'type'>): boolean => !ofAccounts.has(fact.type) || role === 'administrator' || role === 'auditor'

/** Which citizens' numbers and names somebody sees whole. */
export type Sight = 'all' | 'none' | { readonly platform: Platform | undefined }

export const sightOf = ({ role, platform }: Pick<Who, 'role' | 'platform'>): Sight =>
  role === 'supervisor' || role === 'system' ? 'all' : role === 'agent' ? { platform } : 'none'
