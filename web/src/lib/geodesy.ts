// Lengths and areas on the ellipsoid (WGS 84), and the same place in other datums. Pure.
import type { LonLat } from '../api/types'

const A = 6378137
const F = 1 / 298.257223563
const B = A * (1 - F)
const rad = (degrees: number) => (degrees * Math.PI) / 180

/** Metres along the shortest way (Vincenty's inverse formula). */
export function distance([lon1, lat1]: LonLat, [lon2, lat2]: LonLat): number {
  if (lon1 === lon2 && lat1 === lat2) return 0
  const L = rad(lon2 - lon1)
  const [u1, u2] = [Math.atan((1 - F) * Math.tan(rad(lat1))), Math.atan((1 - F) * Math.tan(rad(lat2)))]
  const [s1, c1, s2, c2] = [Math.sin(u1), Math.cos(u1), Math.sin(u2), Math.cos(u2)]
  let lambda = L
  for (let i = 0; i < 100; i++) {
    const [sl, cl] = [Math.sin(lambda), Math.cos(lambda)]
    const sinSigma = Math.hypot(c2 * sl, c1 * s2 - s1 * c2 * cl)
    const cosSigma = s1 * s2 + c1 * c2 * cl
    const sigma = Math.atan2(sinSigma, cosSigma)
    const sinAlpha = (c1 * c2 * sl) / sinSigma
    const cos2Alpha = 1 - sinAlpha ** 2
    const cos2m = cos2Alpha ? cosSigma - (2 * s1 * s2) / cos2Alpha : 0
    const C = (F / 16) * cos2Alpha * (4 + F * (4 - 3 * cos2Alpha))
    const next = L + (1 - C) * F * sinAlpha * (sigma + C * sinSigma * (cos2m + C * cosSigma * (2 * cos2m ** 2 - 1)))
    if (Math.abs(next - lambda) > 1e-12) {
      lambda = next
      continue
    }
    const uu = (cos2Alpha * (A * A - B * B)) / (B * B)
    const big = 1 + (uu / 16384) * (4096 + uu * (-768 + uu * (320 - 175 * uu)))
    const small = (uu / 1024) * (256 + uu * (-128 + uu * (74 - 47 * uu)))
    const delta = small * sinSigma * (cos2m + (small / 4) * (cosSigma * (2 * cos2m ** 2 - 1) - (small / 6) * cos2m * (4 * sinSigma ** 2 - 3) * (4 * cos2m ** 2 - 3)))
    return B * big * (sigma - delta)
  }
  return NaN
}

export function lengthOf(line: LonLat[]): number {
  return line.slice(1).reduce((sum, at, i) => sum + distance(line[i]!, at), 0)
}

const E2 = F * (2 - F)
const E = Math.sqrt(E2)
const q = (sin: number) => (1 - E2) * (sin / (1 - E2 * sin * sin) - Math.log((1 - E * sin) / (1 + E * sin)) / (2 * E))
const QP = q(1)
const R2 = (A * A * QP) / 2

/** Square metres inside a ring (open or closed), on the sphere of the same area as the ellipsoid. */
export function areaOf(ring: LonLat[]): number {
  if (ring.length < 3) return 0
  let sum = 0
  ring.forEach(([lon, lat], i) => {
    const [nextLon, nextLat] = ring[(i + 1) % ring.length]!
    sum += rad(nextLon - lon) * (q(Math.sin(rad(lat))) + q(Math.sin(rad(nextLat)))) / QP
  })
  return Math.abs((sum * R2) / 2)
}

export const DATUMS = ['CGCS2000', 'WGS 84', 'GCJ-02'] as const
export type Datum = (typeof DATUMS)[number]

/** A WGS 84 place in another datum; CGCS2000 is the same to well under a metre. */
export function inDatum([lon, lat]: LonLat, datum: Datum): LonLat {
  if (datum !== 'GCJ-02') return [lon, lat]
  const [x, y] = [lon - 105, lat - 35]
  const [sin, cos, pi, sqrt] = [Math.sin, Math.cos, Math.PI, Math.sqrt]
  const wave = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
  let dLat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(Math.abs(x)) + wave
  dLat += (20 * sin(y * pi) + 40 * sin((y / 3) * pi)) * 2 / 3 + (160 * sin((y / 12) * pi) + 320 * sin((y * pi) / 30)) * 2 / 3
  let dLon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(Math.abs(x)) + wave
  dLon += (20 * sin(x * pi) + 40 * sin((x / 3) * pi)) * 2 / 3 + (150 * sin((x / 12) * pi) + 300 * sin((x / 30) * pi)) * 2 / 3
  const [a, ee] = [6378245, 0.00669342162296594323]
  const magic = 1 - ee * sin(rad(lat)) ** 2
  return [lon + (dLon * 180) / ((a / sqrt(magic)) * cos(rad(lat)) * pi), lat + (dLat * 180) / (((a * (1 - ee)) / (magic * sqrt(magic))) * pi)]
}
