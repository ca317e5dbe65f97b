/** Which annex list has a matter: 1, from 12345 to 110; 2, from 110 to 12345 (启政办发〔2023〕18号, annex). */
export const lists = [1, 2] as const
export type List = (typeof lists)[number]

/** A row of the catalogue (事项清单), §2 and annex: as published, its words are the document's own. */
export interface MatterRow {
  /** Stable: the list, and the row's place in it as it was published, as `L1-09`. */
  readonly id: string
  readonly list: List
  /** 类别 */
  readonly category: string
  /** 细类 */
  readonly item: string
  /** 事项: what falls under it. */
  readonly scope: string
  /** What citizens say for it: the recommender learns from these. */
  readonly phrases?: readonly string[]
  /** First day on which it holds, as `2023-04-14`; always when left out. */
  readonly validFrom?: string
  /** First day on which it holds no more. */
  readonly validUntil?: string
}

/** A short answer to what citizens ask about matters of the police (公安类政务服务知识库, §9). */
export interface KnowledgeEntry {
  readonly id: string
  /** Ids of the rows that it belongs to. */
  readonly matters: readonly string[]
  readonly question: string
  readonly answer: string
  readonly validFrom?: string
  readonly validUntil?: string
}

/** @param day as `2023-04-14` */
export const holdsOn = ({ validFrom, validUntil }: { readonly validFrom?: string; readonly validUntil?: string }, day: string): boolean =>
  (validFrom === undefined || validFrom <= day) && (validUntil === undefined || day < validUntil)
