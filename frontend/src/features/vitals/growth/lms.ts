/**
 * The LMS method: a measurement's place among children of the same age and sex.
 * Source: Cole TJ, Green PJ. Smoothing reference centile curves: the LMS method and penalized likelihood. Stat Med 1992;11:1305-19;
 * CDC Growth Charts Data Files (z = ((X/M)^L − 1)/(L·S), for L = 0 ln(X/M)/S).
 */

/** Power of the Box-Cox transformation, median, and generalised coefficient of variation. */
export interface Lms { l: number; m: number; s: number }

/** The z-score of a measurement, in the unit of the median. */
export const zScore = ({ l, m, s }: Lms, x: number): number => (l === 0 ? Math.log(x / m) / s : ((x / m) ** l - 1) / (l * s))

/** The measurement at a z-score, in the unit of the median. */
export const valueAt = ({ l, m, s }: Lms, z: number): number => (l === 0 ? m * Math.exp(s * z) : m * (1 + l * s * z) ** (1 / l))

/**
 * The z-score as the WHO gives it for weight and BMI: beyond ±3 the distance is measured by that between 2 and 3 standard deviations,
 * since there are too few children there to know the shape of the distribution.
 * Source: WHO Child Growth Standards: Methods and development, 2006, chapter 7.
 */
export function restrictedZ(of: Lms, x: number): number {
  const z = zScore(of, x)
  if (Math.abs(z) <= 3) return z
  const side = Math.sign(z)
  const third = valueAt(of, 3 * side)
  return side * 3 + (x - third) / Math.abs(third - valueAt(of, 2 * side))
}

/** The share of the standard normal distribution below `z`, in [0, 1]. Source: Abramowitz and Stegun 26.2.17; its error is below 7.5e-8. */
export function below(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z < 0 ? tail : 1 - tail
}

/** The percentiles that are drawn, each with its z-score. */
export const PERCENTILES: readonly (readonly [percentile: number, z: number])[] = [
  [3, -1.8807936], [5, -1.6448536], [10, -1.2815516], [25, -0.6744898], [50, 0], [75, 0.6744898], [85, 1.0364334], [90, 1.2815516], [95, 1.6448536], [97, 1.8807936],
]
