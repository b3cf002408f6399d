/**
 * A kubelet's summary becomes tables, as an agent's: containers, pods' own cgroups, their network (on a sandbox, as where pause holds it) and the node. Entities and rows are kept from one summary to the next.
 */
import { cpu } from '../../src/catalog/cpu.ts';
import { memory } from '../../src/catalog/memory.ts';
import { network } from '../../src/catalog/network.ts';
import type { FamilyTable } from '../../src/model/batch.ts';
import { TableBuilder } from '../../src/model/builder.ts';
import { type LabelPair, labels, NO_LABELS } from '../../src/model/labels.ts';
import { type Entity, type EntityKind, type EntityRow, entityRow } from '../../src/model/table.ts';
import type { Links, Summary, Usage } from './summary.ts';

interface Who {
  readonly kind: EntityKind;
  readonly key: string;
  readonly startMs: number;
  readonly pairs: readonly LabelPair[];
}

/** Rows of one kubelet. */
export class KubeletTables {
  #rows = new Map<string, EntityRow>();
  #next = new Map<string, EntityRow>();

  of(summary: Summary): FamilyTable[] {
    const into = {
      cpu: new TableBuilder<typeof cpu, EntityRow>(cpu),
      memory: new TableBuilder<typeof memory, EntityRow>(memory),
      network: new TableBuilder<typeof network, EntityRow>(network),
    };
    const { node, pods } = summary;
    const host: Who = { kind: 'host', key: '/', startMs: node.startMs, pairs: [['id', '/']] };
    this.#usage(into, host, node);
    this.#links(into, host, node.network);
    for (const { namespace, name, uid, network: links, containers, ...own } of pods) {
      const pairs: LabelPair[] = [
        ['namespace', namespace],
        ['pod', name],
      ];
      this.#usage(into, { kind: 'cgroup', key: `kubelet:${uid}`, startMs: own.startMs, pairs }, own);
      this.#links(into, { kind: 'sandbox', key: `kubelet:${uid}`, startMs: own.startMs, pairs }, links);
      for (const { name: container, ...used } of containers) {
        const key = `kubelet:${uid}/${container}`;
        const who: Who = { kind: 'container', key, startMs: used.startMs, pairs: [...pairs, ['container', container]] };
        this.#usage(into, who, used);
      }
    }
    this.#rows = this.#next;
    this.#next = new Map();
    return Object.values(into).flatMap((builder): FamilyTable[] => (builder.size > 0 ? [builder.build()] : []));
  }

  #usage(into: Builders, who: Who, { cpu: used, memory: held }: Usage): void {
    const row = this.#row(who, '');
    if (used.timeMs > 0 && !Number.isNaN(used.seconds)) {
      into.cpu.add(row, used.timeMs);
      into.cpu.set(cpu.at.usage, used.seconds);
    }
    if (held.timeMs === 0) return;
    into.memory.add(row, held.timeMs);
    into.memory.set(memory.at.usage, held.usage);
    into.memory.set(memory.at.workingSet, held.workingSet);
    into.memory.set(memory.at.rss, held.rss);
    into.memory.set(memory.at.hierarchyPageFaults, held.pageFaults);
    into.memory.set(memory.at.hierarchyMajorFaults, held.majorFaults);
  }

  #links(into: Builders, who: Who, links: Links | undefined): void {
    if (links === undefined || links.timeMs === 0) return;
    for (const { name, rxBytes, rxErrors, txBytes, txErrors } of links.links) {
      into.network.add(this.#row(who, name), links.timeMs);
      into.network.set(network.at.receiveBytes, rxBytes);
      into.network.set(network.at.receiveErrors, rxErrors);
      into.network.set(network.at.transmitBytes, txBytes);
      into.network.set(network.at.transmitErrors, txErrors);
    }
  }

  #row({ kind, key, startMs, pairs }: Who, link: string): EntityRow {
    const place = JSON.stringify([kind, key, link]);
    const known = this.#next.get(place) ?? this.#rows.get(place);
    if (known !== undefined && known.entity.startMs === startMs) {
      this.#next.set(place, known);
      return known;
    }
    const entity: Entity = { kind, key, startMs, labels: labels(pairs) };
    const row = entityRow(entity, link === '' ? NO_LABELS : labels([['interface', link]]));
    this.#next.set(place, row);
    return row;
  }
}

interface Builders {
  readonly cpu: TableBuilder<typeof cpu, EntityRow>;
  readonly memory: TableBuilder<typeof memory, EntityRow>;
  readonly network: TableBuilder<typeof network, EntityRow>;
}
