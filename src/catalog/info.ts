/** What describes a container once, to be joined to other series by `id`: these labels are on no other series. */
import { family } from '../model/family.ts';

export const info = family({
  name: 'info',
  help: 'Descriptive labels of every container, said once.',
  dims: ['image_id', 'image_digest', 'runtime', 'network_mode', 'restart_policy', 'hostname', 'ports'],
  metrics: {
    info: {
      metric: 'container_info',
      kind: 'gauge',
      unit: 'none',
      help: 'Always 1. The labels are what the engine says of the container; empty ones are left out.',
      source:
        'Image, ImageManifestDescriptor.digest, HostConfig.{Runtime,NetworkMode,RestartPolicy.Name}, Config.Hostname; NetworkSettings.Ports, else HostConfig.PortBindings',
    },
  },
});
