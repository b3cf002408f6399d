/** What is wrong now: the present's sentences, made once a window for everybody who shows some of them. */
import { computed } from '@preact/signals';
import { model } from '../live/link.ts';
import { type Wrong, wrongOf } from './rules.ts';

export const wrongNow = computed<readonly Wrong[]>(() => (model.value ? wrongOf(model.value) : []));
