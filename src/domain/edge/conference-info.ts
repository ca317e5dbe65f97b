/** Who is in a call, as the conference event package tells it (RFC 4575). Pure. */
import type { CallSummary, Party } from '../facts.ts'

const escapes: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[<>&"]/g, (found) => escapes[found] ?? found)

/** RFC 4575 §5.6.2: what becomes of an endpoint. */
const statuses: Readonly<Record<Party['state'], string>> = { ringing: 'alerting', talking: 'connected', consulting: 'connected', whispering: 'connected', held: 'on-hold', apart: 'on-hold' }

/** @param entity URI of the conference @param version counts the documents of one subscription, from 0; each is whole */
export function conferenceInfo(call: CallSummary, entity: string, version: number): string {
  const host = entity.replace(/^sips?:[^@]*@/, '')
  const users = call.parties.map((party) => userOf(call, party, host))
  return `<?xml version="1.0" encoding="UTF-8"?>
<conference-info xmlns="urn:ietf:params:xml:ns:conference-info" entity="${escaped(entity)}" state="full" version="${version}">
<conference-state><user-count>${users.length}</user-count><active>${call.state !== 'ended'}</active></conference-state>
<users>
${users.join('\n')}
</users>
</conference-info>
`
}

/** A party’s entity is what a REFER may name to end its part. */
function userOf({ caller }: CallSummary, { id, role, endpoint, state, muted }: Party, host: string): string {
  const name = role === 'caller' ? (caller.name ?? caller.number) : endpoint
  const uri = escaped(`sip:${id}@${host}`)
  return `<user entity="${uri}" state="full"><display-text>${escaped(name ?? id)}</display-text><roles><entry>${role}</entry></roles><endpoint entity="${uri}"><status>${muted ? 'muted-via-focus' : statuses[state]}</status></endpoint></user>`
}
