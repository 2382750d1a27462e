// Where the large bodies of a copy will lie, and whether they must be carried there. Files stay in the data directory, whose
// machine the copy becomes; an S3 store stays the one it is. The only way that is gone is from files into S3.

import { XpodError } from '../../../base/errors.ts'
import type { Engine } from '../../../core/db/copy/table.ts'
import { placeOfFiles, placeOfS3 } from '../objects.ts'
import type { S3Place } from '../../options.ts'

export interface PlaceWish {
  /** The setting `objects` of the source. */
  readonly kept: string | undefined
  /** Of the target. */
  readonly s3: S3Place | undefined
  readonly engine: Engine
  /** The node that will be the home of the pods. */
  readonly home: string
}

export interface BodyPlace {
  readonly place: string
  /** From files to the S3 store. */
  readonly isMove: boolean
}

/** Throws OBJECTS_ELSEWHERE. */
export function placeBodies({ kept, s3, engine, home }: PlaceWish): BodyPlace {
  const wanted = s3 === undefined ? undefined : placeOfS3(s3)
  if (kept?.startsWith('s3 ') === true) {
    if (wanted === undefined || wanted === kept) return { place: kept, isMove: false }
    throw elsewhere(kept, 'Name that store with --s3, or leave --s3 out.')
  }
  const isHere = kept === undefined || kept === placeOfFiles(undefined) || kept === placeOfFiles(home)
  if (!isHere) throw elsewhere(kept, 'Copy on that machine, with its --data-dir.')
  if (wanted !== undefined) return { place: wanted, isMove: true }
  return { place: placeOfFiles(engine === 'sqlite' ? undefined : home), isMove: false }
}

function elsewhere(kept: string, hint: string): XpodError {
  return new XpodError('OBJECTS_ELSEWHERE', `in ${kept}`, { hint })
}
