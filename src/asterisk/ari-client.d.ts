/** ari-client ships no types; its client is narrowed where it is used (ari-connect.ts). */
declare module 'ari-client' {
  const ari: { connect(url: string, user: string, password: string): PromiseLike<never> }
  export default ari
}
