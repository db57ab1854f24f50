import '@testing-library/jest-dom/vitest'
import { cleanup, configure } from '@testing-library/react'
import { afterEach } from 'vitest'

// A busy machine is no fault of the page.
configure({ asyncUtilTimeout: 10_000 })
afterEach(cleanup)

// There is no layout here; a list that draws only what is in sight needs to be of some size.
Object.defineProperty(HTMLElement.prototype, 'clientHeight', { configurable: true, get: () => 600 })
Object.defineProperty(HTMLElement.prototype, 'clientWidth', { configurable: true, get: () => 800 })
