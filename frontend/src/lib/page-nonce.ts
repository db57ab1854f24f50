/** The nonce the server wrote into the page; styles made at run time carry it. Undefined under the development server. */
export function pageNonce(): string | undefined {
  const meta = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')
  return meta?.nonce || undefined
}
