import type { TicketEndpointConfig } from '../config/schema.ts'
import type { HttpSender } from './http-sender.ts'
import { RequestTracker } from './request-tracker/request-tracker.ts'
import { Relay } from './relay.ts'
import type { TicketSystem } from './ticket-system.ts'
import { webhook } from './webhook.ts'
import { Zammad } from './zammad/zammad.ts'
import { Znuny } from './znuny/znuny.ts'

/** The adapter for a ticket system, by what it speaks. */
export function systemFor(endpoint: TicketEndpointConfig, sender: HttpSender): TicketSystem {
  switch (endpoint.kind) {
    case 'webhook':
      return webhook(endpoint, sender)
    case 'relay':
      return new Relay(endpoint)
    case 'request-tracker':
      return new RequestTracker(endpoint, sender)
    case 'znuny':
      return new Znuny(endpoint, sender)
    case 'zammad':
      return new Zammad(endpoint, sender)
  }
}
