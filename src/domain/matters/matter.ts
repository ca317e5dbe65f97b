/** Which annex list has a matter: 1, from 12345 to 110; 2, from 110 to 12345 (启政办发〔2023〕18号, annex). */
export type List = 1 | 2

/** A row of the catalogue (事项清单), §2 and annex: its words are the document's own. */
export interface MatterRow {
  /** Stable: the list, and the row's place in it as it was published. */
  readonly id: string
  readonly list: List
  /** 类别 */
  readonly category: string
  /** 细类 */
  readonly item: string
  /** 事项: what falls under it. */
  readonly scope: string
}
