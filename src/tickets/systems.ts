import type { TicketEndpointConfig } from '../config/schema.ts'
import type { HttpSender } from './http-sender.ts'
import { RequestTracker } from './request-tracker/request-tracker.ts'
import { Relay } from './relay.ts'
import type { TicketSystem } from './ticket-system.ts'
import { webhook } from './webhook.ts'

/** The adapter for a ticket system, by what it speaks. */
export function systemFor(endpoint: TicketEndpointConfig, sender: HttpSender): TicketSystem {
  switch (endpoint.kind) {
    case 'webhook':
      return webhook(endpoint, sender)
    case 'relay':
      return new Relay(endpoint)
    case 'request-tracker':
      return new RequestTracker(endpoint, sender)
  }
}
