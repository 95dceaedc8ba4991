/** What kind of thing an entity is: its picture, its place among others, and the heading where no rooms are known. */

import type { IconName } from './icons';
import { domainOf } from './reading';

export interface Kind {
  icon: IconName;
  heading: string;
  /** The lower, the sooner a person looks for it. */
  rank: number;
}

const kind = (rank: number, icon: IconName, heading: string): Kind => ({ icon, heading, rank });

const DOMAINS: Record<string, Kind> = {
  person: kind(0, 'person', 'People'),
  device_tracker: kind(40, 'person', 'Trackers'),
  light: kind(1, 'bulb', 'Lights'),
  climate: kind(3, 'flame', 'Heating and cooling'),
  water_heater: kind(3, 'flame', 'Heating and cooling'),
  humidifier: kind(3, 'drop', 'Heating and cooling'),
  cover: kind(4, 'blind', 'Doors, windows and blinds'),
  lock: kind(4, 'lock', 'Doors, windows and blinds'),
  alarm_control_panel: kind(4, 'bell', 'Alarm'),
  media_player: kind(6, 'speaker', 'Music and television'),
  switch: kind(7, 'plug', 'Switches'),
  input_boolean: kind(7, 'plug', 'Switches'),
  fan: kind(7, 'air', 'Fans'),
  vacuum: kind(7, 'air', 'Helpers'),
  weather: kind(8, 'cloud', 'Weather and sun'),
  sun: kind(9, 'sun', 'Weather and sun'),
  binary_sensor: kind(20, 'eye', 'On and off'),
  sensor: kind(30, 'gauge', 'Other sensors'),
  camera: kind(35, 'eye', 'Cameras'),
  automation: kind(50, 'play', 'Automations'),
  script: kind(50, 'play', 'Scripts'),
  scene: kind(50, 'play', 'Scenes'),
  update: kind(60, 'gauge', 'Updates'),
  zone: kind(60, 'house', 'Zones'),
};

const opening = (icon: IconName) => kind(4, icon, 'Doors, windows and blinds');
const warmth = (rank: number, icon: IconName) => kind(rank, icon, 'Warmth and air');
const energy = (rank: number) => kind(rank, 'bolt', 'Energy');
const danger = (icon: IconName) => kind(2, icon, 'Smoke, gas and water');

const CLASSES: Record<string, Kind> = {
  'binary_sensor.door': opening('door'),
  'binary_sensor.garage_door': opening('door'),
  'binary_sensor.opening': opening('door'),
  'binary_sensor.window': opening('window'),
  'binary_sensor.lock': opening('lock'),
  'binary_sensor.motion': kind(5, 'motion', 'Motion'),
  'binary_sensor.occupancy': kind(5, 'motion', 'Motion'),
  'binary_sensor.presence': kind(5, 'motion', 'Motion'),
  'binary_sensor.smoke': danger('flame'),
  'binary_sensor.gas': danger('air'),
  'binary_sensor.carbon_monoxide': danger('air'),
  'binary_sensor.moisture': danger('drop'),
  'sensor.temperature': warmth(10, 'thermometer'),
  'sensor.humidity': warmth(11, 'drop'),
  'sensor.moisture': warmth(14, 'drop'),
  'sensor.carbon_dioxide': warmth(12, 'air'),
  'sensor.pm25': warmth(13, 'air'),
  'sensor.pm10': warmth(13, 'air'),
  'sensor.atmospheric_pressure': warmth(16, 'gauge'),
  'sensor.pressure': warmth(16, 'gauge'),
  'sensor.illuminance': warmth(17, 'sun'),
  'sensor.power': energy(15),
  'sensor.energy': energy(18),
  'sensor.current': energy(31),
  'sensor.voltage': energy(31),
  'sensor.battery': kind(45, 'battery', 'Batteries'),
  'binary_sensor.battery': kind(45, 'battery', 'Batteries'),
};

export function kindOf(entity: string, deviceClass: string | null): Kind {
  const domain = domainOf(entity);
  const heading = domain.charAt(0).toUpperCase() + domain.slice(1).replaceAll('_', ' ');
  return CLASSES[`${domain}.${deviceClass}`] ?? DOMAINS[domain] ?? kind(55, 'gauge', heading);
}
