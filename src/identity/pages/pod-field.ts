// The field for the name of a new pod, with the address that the name becomes part of.

import { field } from './elements.ts'
import type { Html } from './html.ts'
import type { PodAddress } from './models.ts'
import type { Scene } from './scene.ts'

export function podField(
  scene: Scene,
  wish: { readonly name: string; readonly label: string; readonly value: string; readonly address: PodAddress },
): Html {
  const { words } = scene
  const { before, after } = wish.address
  return field(scene, {
    name: wish.name,
    label: wish.label,
    value: wish.value,
    hint: words.podNameHint(`${before}${words.yourName}${after}`),
    autocomplete: 'off',
    isVerbatim: true,
    maxLength: 63,
  })
}
