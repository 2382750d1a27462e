// One run for all who want the same thing at the same time. Keeps nothing once the run has ended, failures included.

export type SingleFlight<T> = (key: string, run: () => Promise<T>) => Promise<T>

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Promise<T>>()
  return (key, run) => {
    const known = flights.get(key)
    if (known !== undefined) return known
    const flight = run().finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }
}
