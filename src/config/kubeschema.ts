/** `agent.kubernetes`: what an agent asks the API server. `collector.kubelets`: kubelets that the collector asks for nodes without an agent. */
import * as z from 'zod';
import { duration, toggle, webAddress, whole } from './fields.ts';

const names = (description: string) => z.array(z.string()).default([]).describe(description);
const text = (description: string) => z.string().describe(description).optional();

/** `tls`: certificates, as everywhere where we are the client. */
export const kubernetes = <T extends z.ZodType>(tls: T) =>
  z
    .strictObject({
      api: z
        .union([z.enum(['off', 'in_cluster']), webAddress()], {
          error: () => 'must be off, in_cluster, or the API server’s address, https://host:6443',
        })
        .default('off')
        .describe(
          'ask the API server for this node’s pods, for their labels and workloads: off, in_cluster, https://host:6443',
        ),
      token_file: text('file with the token for the API server; in_cluster has one'),
      tls,
      pod_labels: names('labels of pods that become labels of series, pod_label_<name>, with wildcards'),
      requests: toggle(false, 'read pods whole and not their metadata alone, for what their containers ask for'),
    })
    .prefault({} as never);

export const kubelets = <T extends z.ZodType>(tls: T) =>
  z
    .strictObject({
      nodes: names('kubelets to ask for nodes without an agent, each as NODE=URL: node-1=https://10.0.0.1:10250'),
      interval: duration('15s', { min: '1s', max: '1h' }).describe('time between two questions to a kubelet'),
      deadline: duration('5s', { min: '10ms', max: '10m' }).describe('how long one kubelet may take'),
      at_a_time: whole(16, { min: 1, max: 1000 }).describe('kubelets that are asked at a time'),
      token: text('the token for kubelets'),
      token_file: text('file that holds the token for kubelets, read anew for each question'),
      tls,
    })
    .prefault({} as never);
