import { type Prompt, prompts } from '../domain/call/actions.ts'

/**
 * What callers hear of ours is music on hold of the bridge, announcements and ringback included. A playback into a bridge can end
 * Asterisk 22 when somebody is just leaving it, and one into a caller's channel holds that channel for ten minutes when he is.
 */
export const ringbackClass = 'tandem-ringback'

/** What a test call sends. */
export const testToneClass = 'tandem-test-tone'

/** The announcement, then music. */
export const announcementClass = (prompt: string): string => `tandem-${prompt}`

export const announcements = prompts.map((prompt: Prompt) => ({ name: announcementClass(prompt), sound: `tandem/${prompt}` }))
