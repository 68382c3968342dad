/** Figures as people read them. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

export function number(value) {
  return Math.round(value).toLocaleString('en');
}

export function rate(value) {
  return value >= 100 ? number(value) : value.toFixed(1);
}

export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

export function bytes(value) {
  if (value < 0) {
    return '–';
  }
  let unit = 0;
  let left = value;
  while (left >= 1024 && unit < UNITS.length - 1) {
    left /= 1024;
    unit++;
  }
  return `${unit > 0 && left < 10 ? left.toFixed(1) : Math.round(left)} ${UNITS[unit]}`;
}

export function seconds(value) {
  if (value < 1) {
    return `${Math.round(value * 1000)} ms`;
  }
  if (value < 60) {
    return `${value.toFixed(1)} s`;
  }
  const minutes = Math.floor(value / 60);
  if (minutes < 60) {
    return `${minutes} min ${Math.round(value % 60)} s`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
