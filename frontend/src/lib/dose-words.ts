/**
 * How a medicine is taken, in words and numbers that are not misread: for showing only, what is stored stays as it was written.
 * Source: ISMP List of Error-Prone Abbreviations, Symbols, and Dose Designations (2021); Joint Commission “Do Not Use” list. What can mean two things (MS, MSO4, OD) is left as it is recorded.
 */
import { unbroken } from './quantity'

const NO_LETTER_BEFORE = String.raw`(?<!\p{L})`
const NO_LETTER_AFTER = String.raw`(?!\p{L})`
const NUMBER = String.raw`\d[\d,]*(?:\.\d+)?`
/** What doses are counted in, where a number before it is a dose and not a year or a code. */
const COUNTED = String.raw`(?:micrograms?|milligrams?|grams?|units?|mcg|[µμu]g|ng|mg|g|kg|mL|L|cc|mEq|mmol|mol|IU|U|tablets?|capsules?|drops?|puffs?|%)`

const plural = (word: string) => (_: string, number: string): string => `${number} ${word}${number === '1' ? '' : 's'}`
const unit = (signs: string) => new RegExp(String.raw`(?<![\p{L}\d.,])(${NUMBER})[\s-]?(?:${signs})${NO_LETTER_AFTER}(?!\d)`, 'gu')

const RULES: readonly (readonly [RegExp, string | ((...match: string[]) => string)])[] = [
  // `.5` was given as 5, `5.0` as 50.
  [/(?<![\p{L}\d.,])\.(?=\d)/gu, '0.'],
  [/(?<![\p{L}\d.,])(\d[\d,]*)\.0+(?![\d.])/gu, '$1'],
  [unit('[µμ]g|[uU]g|UG|mcg|MCG|Mcg'), plural('microgram')],
  [new RegExp(`${NO_LETTER_BEFORE}(?:[µμ]g|ug|mcg|MCG)${NO_LETTER_AFTER}`, 'gu'), 'micrograms'],
  [unit(String.raw`\[?[iI][uU]\]?|I\.U\.|[Uu]`), plural('unit')],
  [new RegExp(String.raw`${NO_LETTER_BEFORE}(?:IU|\[iU\])${NO_LETTER_AFTER}`, 'gu'), 'units'],
  [new RegExp(String.raw`(?<![\p{L}\d.,])(${NUMBER})[\s-]?(?:cc|CC)${NO_LETTER_AFTER}`, 'gu'), '$1 mL'],
  [/(?<![\p{L}\d])q\.?o\.?d\b\.?/giu, 'every other day'],
  [/(?<![\p{L}\d])q\.?d\b\.?/giu, 'daily'],
  // From 1,000 on; of a range both ends.
  [new RegExp(String.raw`(?<![\p{L}\d.,])\d{4,}(?=(?:\.\d+)?(?:\s?(?:-|–|to)\s?${NUMBER})?[\s-]?${COUNTED}${NO_LETTER_AFTER})`, 'gu'), (number: string) => number.replace(/\B(?=(\d{3})+(?!\d))/g, ',')],
  // A unit against its number was read as a digit of it.
  [new RegExp(String.raw`(?<![\p{L}\d.,])(${NUMBER})(?=(?:mg|g|kg|ng|mL|L|mEq|mmol|micrograms?|units?)${NO_LETTER_AFTER})`, 'gu'), '$1 '],
]

/** `.5 mg QD` reads `0.5 mg daily`, `50µg` `50 micrograms`, `10 U` `10 units`. */
export const doseWords = (text: string): string => RULES.reduce((said, [sign, words]) => (typeof words === 'string' ? said.replace(sign, words) : said.replace(sign, words)), text)

/** The same for a line of the page: no number stands apart from its unit. */
export const doseLine = (text: string): string => unbroken(doseWords(text))
