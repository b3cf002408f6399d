/** The default of `agent.labels`, apart from the schema: the programs need it when the schema has been forgotten. */

/** The labels of containers that become labels of their series; everything else is in `container_info` or nowhere. */
export const DEFAULT_LABELS = [
  'com.docker.compose.project',
  'com.docker.compose.service',
  'com.docker.stack.namespace',
  'com.docker.swarm.service.name',
  'com.docker.swarm.task.name',
  'com.docker.swarm.node.id',
  'io.kubernetes.pod.name',
  'io.kubernetes.pod.namespace',
  'io.kubernetes.pod.uid',
  'io.kubernetes.container.name',
];
