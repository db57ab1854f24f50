/**
 * The code editor makes `<style>` elements and knows nothing of nonces. On this page, which is loaded apart from the chart,
 * every style element gets the page's own nonce when it is made. Imported before anything of the editor.
 */
import { pageNonce } from '../lib/page-nonce'

const nonce = pageNonce()
const create = document.createElement
if (nonce) {
  Object.defineProperty(document, 'createElement', {
    configurable: true,
    value(this: Document, ...args: Parameters<typeof create>) {
      const element = create.apply(this, args)
      if (element instanceof HTMLStyleElement) element.nonce = nonce
      return element
    },
  })
}
