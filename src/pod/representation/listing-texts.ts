// The words of the listing page, one typed list of keys in each language.

export interface ListingTexts {
  readonly up: string
  readonly name: string
  readonly size: string
  readonly type: string
  readonly modified: string
  readonly folder: string
  readonly empty: string
  readonly count: (count: number) => string
  readonly more: (shown: number) => string
}

export type Language = 'en' | 'zh'

export const listingTexts: Readonly<Record<Language, ListingTexts>> = {
  en: {
    up: 'Parent folder',
    name: 'Name',
    size: 'Size',
    type: 'Type',
    modified: 'Modified (UTC)',
    folder: 'Folder',
    empty: 'This folder is empty.',
    count: (count) => (count === 1 ? '1 entry' : `${count} entries`),
    more: (shown) => `Only the first ${shown} entries are shown. Ask for text/turtle to get all.`,
  },
  zh: {
    up: '上级文件夹',
    name: '名称',
    size: '大小',
    type: '类型',
    modified: '修改时间（UTC）',
    folder: '文件夹',
    empty: '此文件夹为空。',
    count: (count) => `共 ${count} 项`,
    more: (shown) => `仅显示前 ${shown} 项；请求 text/turtle 可获得全部内容。`,
  },
}

/** Chinese when Accept-Language names it before English, else English. */
export function languageOf(header: string | undefined): Language {
  if (header === undefined) return 'en'
  const first = /(?:^|[\s,])(zh|en)(?=[-;,\s]|$)/i.exec(header)
  return first?.[1]?.toLowerCase() === 'zh' ? 'zh' : 'en'
}
