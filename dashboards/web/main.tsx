/** The page's beginning: the address is read, the collector is asked, and what there is to see is drawn. */
import { render } from 'preact';
import { connect } from './live/link.ts';
import { followScheme } from './scheme.ts';
import { Shell } from './shell.tsx';
import { followAddress } from './state/place.ts';

followScheme();
followAddress();
connect();
render(<Shell />, document.getElementById('page') as HTMLElement);
