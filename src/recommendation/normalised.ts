/** One form for width, case and numbers: which number it is says nothing of the matter. */
export const normalised = (text: string): string =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\d+/gu, '0')
    .replaceAll(/[^\p{Script=Han}a-z0]+/gu, ' ')
    .trim()
